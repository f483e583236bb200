package swarm

// MayDial shows whether the library may dial an address that a peer handed out.
func (s *Swarm) MayDial(addr string) bool { return s.mayDial(addr) }
