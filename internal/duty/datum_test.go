package duty_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dutybound/dutybound/internal/duty"
)

func near(t *testing.T, what string, got, want duty.Point, metres float64) {
	t.Helper()
	if d := got.Metres(want); !(d <= metres) {
		t.Errorf("%s: %v, not %v: %.3f m away", what, got, want, d)
	}
}

// TestDatumsAsPublished: what is generally known of GCJ-02 and BD-09 (the reference points of googollee/eviltransform for
// GCJ-02 and of wandergis/coordtransform), there and back.
func TestDatumsAsPublished(t *testing.T) {
	t.Parallel()
	for place, c := range map[string]struct{ wgs, gcj duty.Point }{
		"Shanghai":   {duty.Point{Lat: 31.1774276, Lon: 121.5272106}, duty.Point{Lat: 31.17530398364597, Lon: 121.531541859215}},
		"Shenzhen":   {duty.Point{Lat: 22.543847, Lon: 113.912316}, duty.Point{Lat: 22.540796131694766, Lon: 113.9171764808363}},
		"Beijing":    {duty.Point{Lat: 39.911954, Lon: 116.377817}, duty.Point{Lat: 39.91334545536069, Lon: 116.38404722455657}},
		"Tian'anmen": {duty.Point{Lat: 39.915, Lon: 116.404}, duty.Point{Lat: 39.91640428150164, Lon: 116.41024449916938}},
		"Jiefangbei": {duty.Point{Lat: 29.5571, Lon: 106.5708}, duty.Point{Lat: 29.554218, Lon: 106.574492}},
	} {
		near(t, place+" to GCJ-02", c.wgs.In(duty.GCJ02), c.gcj, 0.15)
		near(t, place+" from GCJ-02", duty.ToWGS84(c.gcj.Lat, c.gcj.Lon, duty.GCJ02), c.wgs, 0.15)
	}
	near(t, "BD-09, whose published way back is an approximation", duty.ToWGS84(39.915, 116.404, duty.BD09),
		duty.ToWGS84(39.90865673957631, 116.39762729119315, duty.GCJ02), 0.5)
	bd := duty.Point{Lat: 39.92133699351021, Lon: 116.41036949371029} // of GCJ-02 39.915, 116.404
	near(t, "BD-09 of a GCJ-02", duty.ToWGS84(39.915, 116.404, duty.GCJ02).In(duty.BD09), bd, 0.01)
	if wrong := (duty.Point{Lat: 29.554218, Lon: 106.574492}).Metres(duty.Point{Lat: 29.5571, Lon: 106.5708}); wrong < 470 || wrong > 490 {
		t.Errorf("a mixed-up datum moves Jiefangbei by %.0f m, not by 480", wrong)
	}
}

// TestDatumsThereAndBack: nowhere in China is the way back off by half a metre; by far it is not.
func TestDatumsThereAndBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(4, 2026))
	for range 20000 {
		p := duty.Point{Lat: 3 + 50*random.Float64(), Lon: 74 + 61*random.Float64()}
		for _, datum := range []duty.Datum{duty.GCJ02, duty.BD09, duty.CGCS2000, duty.WGS84} {
			q := p.In(datum)
			near(t, string(datum), duty.ToWGS84(q.Lat, q.Lon, datum), p, 0.001)
		}
	}
}

func TestAbroadNothingIsShifted(t *testing.T) {
	t.Parallel()
	for _, p := range []duty.Point{{Lat: 35.681236, Lon: 139.767125}, {Lat: 39.7392, Lon: -104.9903}, {Lat: -22.9068, Lon: -43.1729}} {
		near(t, "abroad", p.In(duty.GCJ02), p, 0)
		near(t, "abroad", duty.ToWGS84(p.Lat, p.Lon, duty.GCJ02), p, 0)
	}
}

func TestAPositionThatCouldBeMisreadIsRefused(t *testing.T) {
	t.Parallel()
	good := duty.Fix{Lat: 29.5571, Lon: 106.5708, Datum: duty.GCJ02, Accuracy: 8}
	if err := good.Check("body"); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*duty.Fix){
		"no datum":             func(f *duty.Fix) { f.Datum = "" },
		"a datum nobody knows": func(f *duty.Fix) { f.Datum = "bj54" },
		"no latitude":          func(f *duty.Fix) { f.Lat = 91 },
		"no number":            func(f *duty.Fix) { f.Lat = math.NaN() },
		"no longitude":         func(f *duty.Fix) { f.Lon = -181 },
		"less than exact":      func(f *duty.Fix) { f.Accuracy = -1 },
		"no accuracy":          func(f *duty.Fix) { f.Accuracy = math.Inf(1) },
	} {
		f := good
		spoil(&f)
		if f.Check("body") == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// A degree of a meridian is 111 km; so is the distance over the date line.
func TestDistances(t *testing.T) {
	t.Parallel()
	a := duty.Point{Lat: 29.5, Lon: 106.5}
	for want, b := range map[float64]duty.Point{0: a, 111195: {Lat: 30.5, Lon: 106.5}} {
		if got := a.Metres(b); math.Abs(got-want) > 1 {
			t.Errorf("%f m, not %f", got, want)
		}
	}
	if d := (duty.Point{Lon: 179.9995}).Metres(duty.Point{Lon: -179.9995}); d > 120 {
		t.Errorf("%f m over the date line", d)
	}
}
