package api

// Routes lists "METHOD /path" of all routes, for the tests.
func (a *API) Routes() []string {
	var out []string
	for _, op := range a.routes {
		out = append(out, op.Method+" "+op.Path)
	}
	return out
}

// NeedsToken tells whether a route of Routes has no answer without a token.
func (a *API) NeedsToken(route string) bool {
	for _, op := range a.routes {
		if op.Method+" "+op.Path == route {
			return op.Metadata[metaAccess] == accessRequired
		}
	}
	return false
}
