package feed

// Late plays a reader that looked whether it had been cut just before it was: it takes what its queue still holds, and then a beat
// comes due.
func (s *Subscription) Late() (last int64, beat Message) {
	for len(s.queue) > 0 {
		last = (<-s.queue).Seq
		s.through = last
	}
	return last, s.beatNow()
}
