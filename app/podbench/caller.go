package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// caller speaks to a pod as its owner's programs do.
type caller struct {
	base, token string
	transport   *http.Transport
}

// newCaller makes a caller from an address of this machine; "" is any.
func newCaller(base, from string) *caller {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	return &caller{base: base, transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 64, DisableCompression: true}}
}

// newOwner makes a caller that is logged in.
func newOwner(ctx context.Context, base string) (*caller, error) {
	c := newCaller(base, "")
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := c.get(ctx, "/api/v1/oauth-clients/local", &client); err != nil {
		return nil, err
	}
	form := url.Values{
		"client_id": {client.ID}, "client_secret": {client.Secret}, "grant_type": {"password"}, "username": {"root"}, "password": {rootPassword},
	}
	var token struct {
		Access string `json:"access_token"`
	}
	err := c.post(ctx, "/api/v1/users/token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), &token)
	c.token = token.Access
	return c, err
}

func (c *caller) close() { c.transport.CloseIdleConnections() }

// do sends a request and gives the status and the whole body.
func (c *caller) do(ctx context.Context, method, path, contentType string, body io.Reader) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, errors.Join(err, res.Body.Close())
}

func (c *caller) ask(ctx context.Context, method, path, contentType string, body io.Reader, into any) error {
	status, answer, err := c.do(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, status, answer)
	}
	return json.Unmarshal(answer, into)
}

func (c *caller) get(ctx context.Context, path string, into any) error {
	return c.ask(ctx, http.MethodGet, path, "", http.NoBody, into)
}

func (c *caller) post(ctx context.Context, path, contentType string, body io.Reader, into any) error {
	return c.ask(ctx, http.MethodPost, path, contentType, body, into)
}

// befriend asks another pod, which takes everybody.
func (c *caller) befriend(ctx context.Context, base string) error {
	body, err := json.Marshal(map[string][]string{"hosts": {base}})
	if err != nil {
		return err
	}
	var joined struct {
		Friends []json.RawMessage `json:"friends"`
	}
	if err := c.post(ctx, "/api/v1/pods/makefriends", "application/json", bytes.NewReader(body), &joined); err != nil {
		return err
	}
	if len(joined.Friends) != 1 {
		return fmt.Errorf("%d pods became friends, not one", len(joined.Friends))
	}
	return nil
}

// friendVideos is how many videos of friends the pod holds.
func (c *caller) friendVideos(ctx context.Context) (n int, err error) {
	var list struct {
		Data []struct {
			VideoCount int `json:"videoCount"`
		} `json:"data"`
	}
	if err := c.get(ctx, "/api/v1/pods?count=100", &list); err != nil {
		return 0, err
	}
	for _, p := range list.Data {
		n += p.VideoCount
	}
	return n, nil
}

// nextTry is when the pod calls its first friend next; zero: it calls it now, or never.
func (c *caller) nextTry(ctx context.Context) (time.Time, error) {
	var list struct {
		Data []struct {
			NextTryAt time.Time `json:"nextTryAt"`
		} `json:"data"`
	}
	if err := c.get(ctx, "/api/v1/pods/queue?count=1", &list); err != nil {
		return time.Time{}, err
	}
	if len(list.Data) == 0 {
		return time.Time{}, errors.New("the pod has no friend")
	}
	return list.Data[0].NextTryAt, nil
}

// lists tells whether the newest video in the pod's list has that name.
func (c *caller) lists(ctx context.Context, name string) (bool, error) {
	var list struct {
		Data []struct {
			Name string `json:"name"`
		} `json:"data"`
	}
	err := c.get(ctx, "/api/v1/videos?sort=-publishedAt&count=1", &list)
	return err == nil && len(list.Data) == 1 && list.Data[0].Name == name, err
}

// upload publishes a file under a name.
func (c *caller) upload(ctx context.Context, path, name string) error {
	var me struct {
		VideoChannels []struct {
			ID json.Number `json:"id"`
		} `json:"videoChannels"`
	}
	if err := c.get(ctx, "/api/v1/users/me", &me); err != nil || len(me.VideoChannels) == 0 {
		return errors.Join(errors.New("no channel"), err)
	}
	film, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err = errors.Join(form.WriteField("name", name), form.WriteField("channelId", me.VideoChannels[0].ID.String()), form.WriteField("privacy", "1"))
	part, errPart := form.CreateFormFile("videofile", "film.webm")
	if err = errors.Join(err, errPart); err != nil {
		return err
	}
	_, err = part.Write(film)
	if err = errors.Join(err, form.Close()); err != nil {
		return err
	}
	var answer json.RawMessage
	return c.post(ctx, "/api/v1/videos/upload", form.FormDataContentType(), &body, &answer)
}
