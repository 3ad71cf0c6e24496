package identity

// Occupy takes every place for hashing and gives them back when the returned function is called.
func (s *Service) Occupy() (release func()) {
	for range cap(s.hasher) {
		s.hasher <- struct{}{}
	}
	return func() {
		for range cap(s.hasher) {
			<-s.hasher
		}
	}
}
