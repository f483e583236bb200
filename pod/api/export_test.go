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
func (a *API) NeedsToken(route string) bool { return a.accessOf(route) >= accessRequired }

// NeedsOwner tells whether it wants the token of an administrator.
func (a *API) NeedsOwner(route string) bool { return a.accessOf(route) == accessOwner }

func (a *API) accessOf(route string) access {
	for _, op := range a.routes {
		if op.Method+" "+op.Path == route {
			who, _ := op.Metadata[metaAccess].(access)
			return who
		}
	}
	return accessOpen
}
