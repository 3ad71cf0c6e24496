package accompany

import (
	"math"
	"time"
)

// Position is where a phone last was, in WGS-84 degrees.
type Position struct {
	Lat, Lon float64
	Accuracy float64   // metres: the phone takes itself to be within them
	SeenAt   time.Time // by the database's clock, and as old as the phone said when it sent it
	Mock     bool      // made up, by the phone's own word: it shows nothing
}

// nearness is what two positions say of each other.
type nearness int

const (
	unsaid nearness = iota // too old, made up, or not exact enough to tell
	near
	tooFar
)

// distanceNow compares the positions of the officer and one of those led. What their accuracy leaves open they do not say.
func distanceNow(s Scene, p Person) nearness {
	a, b := s.Officer.Position, p.Position
	if !fresh(a, s) || !fresh(b, s) {
		return unsaid
	}
	d, blur := Distance(a.Lat, a.Lon, b.Lat, b.Lon), a.Accuracy+b.Accuracy
	switch {
	case d+blur <= s.Limits.Radius:
		return near
	case d-blur > s.Limits.Radius:
		return tooFar
	}
	return unsaid
}

func fresh(p *Position, s Scene) bool {
	return p != nil && !p.Mock && s.Now.Sub(p.SeenAt) <= s.Limits.Fresh
}

const earth = 6371008.8 // mean radius in metres

// Distance is that between two points on the ground, in metres; the arguments are degrees.
func Distance(lat1, lon1, lat2, lon2 float64) float64 {
	const degree = math.Pi / 180
	dLat, dLon := (lat2-lat1)*degree, (lon2-lon1)*degree
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(lat1*degree)*math.Cos(lat2*degree)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))
}
