package duty

import (
	"math"

	"github.com/dutybound/dutybound/internal/fault"
)

// Fix is a position as a device measured it, in the datum it says it measured in. What is compared is always its WGS-84.
type Fix struct {
	Lat      float64 `json:"lat"`
	Lon      float64 `json:"lon"`
	Datum    Datum   `json:"datum"`
	Accuracy float64 `json:"accuracy_m"`     // metres around it in which the device is; 0: not said
	Mock     bool    `json:"mock,omitempty"` // the device says that the position was made up
}

// Check refuses a position that could be misread; field locates it in the request.
func (f Fix) Check(field string) error {
	switch {
	case !within(f.Lat, 90):
		return fault.BadField(field+"/lat", "is no latitude in degrees")
	case !within(f.Lon, 180):
		return fault.BadField(field+"/lon", "is no longitude in degrees")
	case !(f.Accuracy >= 0) || math.IsInf(f.Accuracy, 0):
		return fault.BadField(field+"/accuracy_m", "is no distance in metres")
	case !f.Datum.Known():
		return fault.BadField(field+"/datum", "a position needs its datum: wgs84, gcj02, bd09 or cgcs2000")
	}
	return nil
}

func within(degrees, most float64) bool { return degrees >= -most && degrees <= most } // NaN is not

// Point is the position in WGS-84.
func (f Fix) Point() Point { return ToWGS84(f.Lat, f.Lon, f.Datum) }

// Known says whether there is such a datum.
func (d Datum) Known() bool {
	switch d {
	case WGS84, GCJ02, BD09, CGCS2000:
		return true
	default:
		return false
	}
}

// Point is a position in WGS-84, in degrees.
type Point struct{ Lat, Lon float64 }

// earthRadius is the mean of the sphere that distances are measured on: within half a percent of the ellipsoid.
const earthRadius = 6371008.8

// Metres is the distance to another point along the ground.
func (p Point) Metres(q Point) float64 {
	lat, lon := radians(q.Lat-p.Lat)/2, radians(q.Lon-p.Lon)/2
	h := square(math.Sin(lat)) + math.Cos(radians(p.Lat))*math.Cos(radians(q.Lat))*square(math.Sin(lon))
	return 2 * earthRadius * math.Asin(math.Sqrt(min(1, h)))
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
func square(x float64) float64        { return x * x }

// ToWGS84 takes a position out of its datum. CGCS2000 differs from WGS-84 by centimetres, which no phone sees. Nobody has published
// the way back out of GCJ-02 and BD-09: it is found by going there and correcting, to well below half a metre.
func ToWGS84(lat, lon float64, from Datum) Point {
	p := Point{lat, lon}
	switch from {
	case GCJ02:
		return undo(p, toGCJ02)
	case BD09:
		return undo(undo(p, toBD09), toGCJ02)
	default:
		return p
	}
}

// In gives the position in another datum, as a map of that datum needs it.
func (p Point) In(to Datum) Point {
	switch to {
	case GCJ02:
		return toGCJ02(p)
	case BD09:
		return toBD09(toGCJ02(p))
	default:
		return p
	}
}

// undo finds the point that there takes to p. Each step takes away all but a hundredth of what is left.
func undo(p Point, there func(Point) Point) Point {
	q := p
	for range 10 {
		r := there(q)
		q.Lat, q.Lon = q.Lat+p.Lat-r.Lat, q.Lon+p.Lon-r.Lon
	}
	return q
}

// The ellipsoid of Krasovsky 1940, on which GCJ-02 is reckoned.
const (
	krasovskyAxis         = 6378245.0
	krasovskyEccentricity = 0.00669342162296594323 // squared
)

// toGCJ02 is the shift of maps in mainland China, as it is generally known. Abroad there is none.
func toGCJ02(p Point) Point {
	if p.Lon < 72.004 || p.Lon > 137.8347 || p.Lat < 0.8293 || p.Lat > 55.8271 {
		return p
	}
	x, y := p.Lon-105, p.Lat-35
	ripple := (20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)) * 2 / 3
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + ripple +
		(20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi))*2/3 + (160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + ripple +
		(20*math.Sin(x*math.Pi)+40*math.Sin(x/3*math.Pi))*2/3 + (150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	sin, cos := math.Sincos(radians(p.Lat))
	bend := 1 - krasovskyEccentricity*sin*sin
	return Point{
		Lat: p.Lat + north*180/(krasovskyAxis*(1-krasovskyEccentricity)/(bend*math.Sqrt(bend))*math.Pi),
		Lon: p.Lon + east*180/(krasovskyAxis/math.Sqrt(bend)*cos*math.Pi),
	}
}

// toBD09 is what Baidu's maps add to GCJ-02.
func toBD09(p Point) Point {
	const turn = math.Pi * 3000 / 180
	radius := math.Sqrt(p.Lon*p.Lon+p.Lat*p.Lat) + 0.00002*math.Sin(p.Lat*turn)
	sin, cos := math.Sincos(math.Atan2(p.Lat, p.Lon) + 0.000003*math.Cos(p.Lon*turn))
	return Point{Lat: radius*sin + 0.006, Lon: radius*cos + 0.0065}
}
