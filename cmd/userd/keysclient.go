package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/userd/userd/service"
)

// maxAnswer bounds an answer about keys, in bytes: service.MaxKeys of them.
const maxAnswer = 1 << 20

// keysClient manages the keys of a running server.
type keysClient struct {
	base string
	key  string
	http *http.Client
}

func newKeysClient(server, keyFile string) (*keysClient, error) {
	base, err := url.Parse(server)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, usageError{errors.New("--server must be a URL such as http://localhost:8000")}
	}
	c := &keysClient{base: strings.TrimSuffix(server, "/"), http: &http.Client{Timeout: 30 * time.Second}}
	if keyFile != "" {
		text, err := os.ReadFile(keyFile)
		if err != nil {
			return nil, fmt.Errorf("cannot read the API key: %w", err)
		}
		c.key = strings.TrimSpace(string(text))
	}
	return c, nil
}

// wireKey is a key as the server writes it.
type wireKey struct {
	Name       string          `json:"name"`
	Scopes     []service.Scope `json:"scopes"`
	Key        string          `json:"key"`
	CreatedAt  time.Time       `json:"created_at"`
	LastUsedAt *time.Time      `json:"last_used_at"`
	RevokedAt  *time.Time      `json:"revoked_at"`
}

func (k wireKey) key() service.Key {
	out := service.Key{Name: k.Name, Scopes: k.Scopes, CreatedAt: k.CreatedAt}
	if k.LastUsedAt != nil {
		out.LastUsedAt = *k.LastUsedAt
	}
	if k.RevokedAt != nil {
		out.RevokedAt = *k.RevokedAt
	}
	return out
}

// CreateKey implements [keyRing].
func (c *keysClient) CreateKey(ctx context.Context, in service.KeyInput) (service.Key, string, error) {
	var k wireKey
	body := struct {
		Name   string   `json:"name"`
		Scopes []string `json:"scopes"`
	}{in.Name, in.Scopes}
	err := c.call(ctx, http.MethodPost, "/keys", body, &k)
	return k.key(), k.Key, err
}

// Keys implements [keyRing].
func (c *keysClient) Keys(ctx context.Context) ([]service.Key, error) {
	var list []wireKey
	err := c.call(ctx, http.MethodGet, "/keys", nil, &list)
	keys := make([]service.Key, len(list))
	for i, k := range list {
		keys[i] = k.key()
	}
	return keys, err
}

// RevokeKey implements [keyRing].
func (c *keysClient) RevokeKey(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, "/keys/"+url.PathEscape(name), nil, nil)
}

// RotateSigningKey implements [keyRing]. Of the key it returns the id.
func (c *keysClient) RotateSigningKey(ctx context.Context) (service.PublicKey, error) {
	var k struct {
		ID string `json:"kid"`
	}
	err := c.call(ctx, http.MethodPost, "/signing-keys", nil, &k)
	return service.PublicKey{ID: k.ID}, err
}

// call sends a request, without a body if that is nil, and decodes the answer, or
// the problem that it is.
func (c *keysClient) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		return refused(resp.Status, got)
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(got, answer); err != nil {
		return errors.New("this is not the answer of a userd")
	}
	return nil
}

// refused is the error for a problem document.
func refused(status string, body []byte) error {
	var p struct {
		Detail string `json:"detail"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &p) != nil || p.Detail == "" {
		return fmt.Errorf("the server answers %s", status)
	}
	text := []string{p.Detail}
	for _, e := range p.Errors {
		text = append(text, e.Message)
	}
	return errors.New(strings.Join(text, " "))
}
