package podtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Client speaks to a pod as any program would.
type Client struct {
	URL   string // without a slash at the end
	Token string // of root, after Login

	t    testing.TB
	http *http.Client
}

// NewClient makes a client without a token.
func NewClient(tb testing.TB, base string) *Client {
	tb.Helper()
	return &Client{URL: strings.TrimRight(base, "/"), t: tb, http: &http.Client{
		Transport:     &http.Transport{Proxy: nil},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// CloseIdle ends the connections that are kept for later.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Video is what the tests look at of PeerTube's Video.
type Video struct {
	ID            uint64   `json:"id"`
	UUID          string   `json:"uuid"`
	ShortUUID     string   `json:"shortUUID"`
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Duration      int      `json:"duration"`
	Tags          []string `json:"tags"`
	ThumbnailPath string   `json:"thumbnailPath"`
	PreviewPath   string   `json:"previewPath"`
	IsLocal       bool     `json:"isLocal"`
	Files         []File   `json:"files"`
}

// File is one entry of a Video's files.
type File struct {
	Size               int64  `json:"size"`
	FPS                int    `json:"fps"`
	TorrentURL         string `json:"torrentUrl"`
	TorrentDownloadURL string `json:"torrentDownloadUrl"`
	FileURL            string `json:"fileUrl"`
	FileDownloadURL    string `json:"fileDownloadUrl"`
	MagnetURI          string `json:"magnetUri"`
	MetadataURL        string `json:"metadataUrl"`
	Resolution         struct {
		ID    int    `json:"id"`
		Label string `json:"label"`
	} `json:"resolution"`
}

// Fields are the text fields of a form.
type Fields map[string]string

// Answer is an answer, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body.
func (a Answer) JSON(tb testing.TB, into any) {
	tb.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		tb.Fatalf("decode %q: %v", a.Body, err)
	}
}

// Code is the code of an error answer.
func (a Answer) Code() string {
	var problem struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.Body, &problem)
	return problem.Code
}

// Request makes a request with root's token, if there is one. path may be a whole URL.
func (c *Client) Request(method, path string, body io.Reader, header ...string) *http.Request {
	c.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = c.URL + path
	}
	req, err := http.NewRequestWithContext(context.Background(), method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// Do sends a request and reads the answer, or fails the test.
func (c *Client) Do(method, path string, body io.Reader, header ...string) Answer {
	c.t.Helper()
	a, err := c.Send(c.Request(method, path, body, header...))
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Send sends a request to a pod that may be gone before it answers.
func (c *Client) Send(req *http.Request) (Answer, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	body, err := io.ReadAll(res.Body)
	return Answer{Status: res.StatusCode, Header: res.Header, Body: body}, errors.Join(err, res.Body.Close())
}

// Get fetches a path or a URL.
func (c *Client) Get(path string, header ...string) Answer {
	c.t.Helper()
	return c.Do(http.MethodGet, path, http.NoBody, header...)
}

// Login gets a token for root.
func (c *Client) Login() *Client {
	c.t.Helper()
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	c.Get("/api/v1/oauth-clients/local").JSON(c.t, &client)
	form := url.Values{
		"client_id": {client.ID}, "client_secret": {client.Secret}, "grant_type": {"password"},
		"username": {"root"}, "password": {RootPassword},
	}
	a := c.Do(http.MethodPost, "/api/v1/users/token", strings.NewReader(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	if a.Status != http.StatusOK {
		c.t.Fatalf("login = %d %s, want 200", a.Status, a.Body)
	}
	var token struct {
		Access string `json:"access_token"`
	}
	a.JSON(c.t, &token)
	c.Token = token.Access
	return c
}

// UploadRequest is the form that curl would post; path "" sends no file. The file is
// streamed while the request is sent.
func (c *Client) UploadRequest(path string, fields Fields) *http.Request {
	c.t.Helper()
	if c.Token == "" {
		c.Login()
	}
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	go func() { // ends when the form is written or the transport closes the body
		_ = pw.CloseWithError(writeForm(form, path, fields))
	}()
	return c.Request(http.MethodPost, "/api/v1/videos/upload", pr, "Content-Type", form.FormDataContentType())
}

// TryUpload posts a file as curl would.
func (c *Client) TryUpload(path string, fields Fields) Answer {
	c.t.Helper()
	a, err := c.Send(c.UploadRequest(path, fields))
	if err != nil {
		c.t.Fatalf("upload: %v", err)
	}
	return a
}

func writeForm(form *multipart.Writer, path string, fields Fields) error {
	for key, value := range fields {
		if err := form.WriteField(key, value); err != nil {
			return err
		}
	}
	if path != "" {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", `form-data; name="videofile"; filename="`+filepath.Base(path)+`"`)
		header.Set("Content-Type", "video/mp4")
		part, err := form.CreatePart(header)
		if err != nil {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		if _, err := io.Copy(part, file); err != nil {
			return err
		}
	}
	return form.Close()
}

// Upload publishes a file and gives its details. The channel is root's unless named.
func (c *Client) Upload(path string, fields Fields) Video {
	c.t.Helper()
	if c.Token == "" {
		c.Login()
	}
	all := Fields{"name": "A test video", "channelId": c.Channel(), "privacy": "1"}
	maps.Copy(all, fields)
	a := c.TryUpload(path, all)
	if a.Status != http.StatusOK {
		c.t.Fatalf("upload = %d %s, want 200", a.Status, a.Body)
	}
	var answer struct {
		Video Video `json:"video"`
	}
	a.JSON(c.t, &answer)
	return c.Video(answer.Video.UUID)
}

// Channel is the number of root's channel.
func (c *Client) Channel() string {
	c.t.Helper()
	var me struct {
		VideoChannels []struct {
			ID json.Number `json:"id"`
		} `json:"videoChannels"`
	}
	c.Get("/api/v1/users/me").JSON(c.t, &me)
	if len(me.VideoChannels) == 0 {
		c.t.Fatal("users/me has no channel")
	}
	return me.VideoChannels[0].ID.String()
}

// Video fetches a video's details.
func (c *Client) Video(id string) Video {
	c.t.Helper()
	a := c.Get("/api/v1/videos/" + id)
	if a.Status != http.StatusOK {
		c.t.Fatalf("video %s = %d %s, want 200", id, a.Status, a.Body)
	}
	var v Video
	a.JSON(c.t, &v)
	if len(v.Files) == 0 {
		c.t.Fatalf("video %s has no files: %s", id, a.Body)
	}
	return v
}

// List fetches a list of videos from a path.
func (c *Client) List(path string) (total int, videos []Video) {
	c.t.Helper()
	a := c.Get(path)
	if a.Status != http.StatusOK {
		c.t.Fatalf("GET %s = %d %s, want 200", path, a.Status, a.Body)
	}
	var page struct {
		Total int     `json:"total"`
		Data  []Video `json:"data"`
	}
	a.JSON(c.t, &page)
	return page.Total, page.Data
}

// SHA256 is the hash of some bytes, in hexadecimal.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// FileSHA256 is the hash of a file, in hexadecimal.
func FileSHA256(tb testing.TB, path string) string {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		tb.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Reader makes a body of some text.
func Reader(text string) io.Reader { return bytes.NewReader([]byte(text)) }
