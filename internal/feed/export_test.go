package feed

// Late plays a reader that looked whether it had been cut just before it was: it takes what its queue still holds, and then a beat
// comes due.
func (s *Subscription) Late() (last int64, beat Message) {
	for m := s.box.take(); m != nil; m = s.box.take() {
		last = m.Seq
		s.through = last
	}
	return last, s.beatNow()
}
