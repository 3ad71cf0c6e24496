package identity

// Occupy takes every place for hashing and gives them back when the returned function is called.
func (s *Service) Occupy() (release func()) {
	for range cap(s.hasher.room) {
		s.hasher.room <- struct{}{}
	}
	return func() {
		for range cap(s.hasher.room) {
			<-s.hasher.room
		}
	}
}

// CheckProof reads and verifies a proof over a request, without its nonce.
func CheckProof(compact string, a Asking) (thumbprint string, err error) {
	p, err := readProof(compact)
	if err == nil {
		err = p.about(a)
	}
	if err == nil {
		err = p.verify()
	}
	return p.thumbprint, err
}
