package api

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/peerpod/peerpod/pod"
)

const formType = "application/x-www-form-urlencoded"

func (a *API) routeSessions() {
	tags := []string{"Session"}
	typed(a, huma.Operation{OperationID: "getOAuthClient", Method: http.MethodGet, Path: "/api/v1/oauth-clients/local", Tags: tags, Summary: "Get the client id and secret that a login needs"}, accessOpen, a.getClient)
	a.plain(huma.Operation{
		OperationID: "getOAuthToken", Method: http.MethodPost, Path: "/api/v1/users/token", Tags: tags, Summary: "Log in, or renew a session",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{formType: {Schema: schemaOf[tokenForm](a, "TokenForm")}}},
		Responses:   jsonResponse(schemaOf[tokensJSON](a, "Tokens")),
	}, accessOpen, a.postToken)
	a.plain(huma.Operation{
		OperationID: "revokeOAuthToken", Method: http.MethodPost, Path: "/api/v1/users/revoke-token", Tags: tags, Summary: "Log out: the token is dead at once",
		Responses: jsonResponse(&huma.Schema{Type: huma.TypeObject}),
	}, accessRequired, a.revokeToken)
	typed(a, huma.Operation{OperationID: "registerUser", Method: http.MethodPost, Path: "/api/v1/users/register", Tags: tags, Summary: "Sign up: closed on this pod", DefaultStatus: http.StatusNoContent}, accessOpen, register)
}

func jsonResponse(schema *huma.Schema) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}}
}

type clientJSON struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret"`
}

func (a *API) getClient(ctx context.Context, _ *struct{}) (*body[clientJSON], error) {
	client, err := a.cfg.Sessions.Client(ctx)
	if err != nil {
		return nil, err
	}
	return answer(clientJSON{ID: client.ID, Secret: client.Secret}), nil
}

// tokenForm documents the form; it is read field by field.
type tokenForm struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	GrantType    string `json:"grant_type" enum:"password,refresh_token"`
	Username     string `json:"username,omitempty" doc:"For grant_type password."`
	Password     string `json:"password,omitempty" doc:"For grant_type password."`
	RefreshToken string `json:"refresh_token,omitempty" doc:"For grant_type refresh_token."`
}

type tokensJSON struct {
	TokenType        string `json:"token_type"`
	AccessToken      string `json:"access_token"`
	RefreshToken     string `json:"refresh_token"`
	ExpiresIn        int    `json:"expires_in" doc:"Seconds."`
	RefreshExpiresIn int    `json:"refresh_token_expires_in" doc:"Seconds."`
}

func (a *API) postToken(w http.ResponseWriter, r *http.Request) error {
	form, err := a.readForm(w, r)
	if err != nil {
		return err
	}
	var tokens Tokens
	switch grant := form.Get("grant_type"); grant {
	case "password":
		tokens, err = a.cfg.Sessions.Login(r.Context(), Login{
			ClientID: form.Get("client_id"), ClientSecret: form.Get("client_secret"),
			Username: form.Get("username"), Password: form.Get("password"), Source: sourceOf(r.RemoteAddr),
		})
	case "refresh_token":
		tokens, err = a.cfg.Sessions.Refresh(r.Context(), Refresh{
			ClientID: form.Get("client_id"), ClientSecret: form.Get("client_secret"), RefreshToken: form.Get("refresh_token"),
		})
	case "":
		return missing("grant_type")
	default:
		return &pod.Error{Kind: pod.KindInvalid, Code: "unsupported_grant_type", Op: "read grant", Msg: "The grant_type is password or refresh_token."}
	}
	if err != nil {
		return err
	}
	return writeJSON(w, tokensJSON{
		TokenType: "Bearer", AccessToken: tokens.Access, RefreshToken: tokens.Refresh,
		ExpiresIn: seconds(tokens.AccessExpiresIn), RefreshExpiresIn: seconds(tokens.RefreshExpiresIn),
	})
}

// readForm reads a small form. A name that stands twice is refused: which one counts
// would be a guess.
func (a *API) readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := a.readBody(w, r, a.cfg.Limits.JSONBytes)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, &pod.Error{Kind: pod.KindInvalid, Code: "missing_body", Op: "read form", Msg: "The request has no body; this address wants a form."}
	}
	if !hasType(r, formType) {
		return nil, &pod.Error{Kind: pod.KindUnsupported, Op: "read form", Msg: "This address reads forms only: send it with Content-Type " + formType + "."}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &pod.Error{Kind: pod.KindInvalid, Code: "invalid_form", Op: "read form", Msg: "The form can not be read.", Err: err}
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, invalid(name, "A field stands in the form twice.")
		}
		if strings.ContainsRune(values[0], 0) {
			return nil, invalid(name, "A field of the form has a NUL character.")
		}
	}
	return form, nil
}

// sourceOf is the address in host:port; the zero address is unknown.
func sourceOf(remote string) netip.Addr {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

func (a *API) revokeToken(w http.ResponseWriter, r *http.Request) error {
	refuseUnread(w, r)
	if err := a.cfg.Sessions.Revoke(r.Context(), scopeOf(r.Context()).token); err != nil {
		return err
	}
	return writeJSON(w, struct{}{})
}

type registerParams struct {
	Body struct {
		Username *string `json:"username,omitempty"`
		Password *string `json:"password,omitempty"`
		Email    *string `json:"email,omitempty"`
	}
}

func register(context.Context, *registerParams) (*struct{}, error) {
	return nil, forbidden("signup_closed", "This pod is not open for sign-up. Ask its owner for an account.")
}
