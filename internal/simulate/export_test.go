package simulate

import "time"

// Script is what all lanes of some crews would play.
func Script(seed uint64, crews int, length time.Duration) (all [][]scene) {
	for crew := range crews {
		for _, of := range lanes {
			all = append(all, script(seed, crew, crews, of, length))
		}
	}
	return all
}

// Clocks are how far phones are off.
func Clocks(seed uint64, phones int) (off []time.Duration) {
	for i := range phones {
		off = append(off, clockError(seed, i))
	}
	return off
}

// Quantile measures durations as the meter does.
func Quantile(share float64, of ...time.Duration) time.Duration {
	var h histogram
	for _, d := range of {
		h.add(d)
	}
	return h.counts().quantile(share)
}
