package codecserver

import "time"

// WithoutPause lets tests log in with wrong passwords at once.
func (s *Server) WithoutPause() *Server {
	s.pausing = func(time.Duration) {}
	return s
}
