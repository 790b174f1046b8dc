package issuer

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
)

const (
	// loadTimeout bounds how long reading the keys takes.
	loadTimeout = 5 * time.Second
	// maxKeys bounds them, in bytes.
	maxKeys = 1 << 20
)

// keepFresh reads the keys again now and then.
func (i *Issuer) keepFresh(ctx context.Context) {
	tick := time.NewTicker(refreshInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			i.refresh(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// refresh reads the keys, unless that was tried of late, and reports whether
// they may be others than before. After a failure they are what they were.
func (i *Issuer) refresh(ctx context.Context) bool {
	began := time.Now()
	select {
	case i.turn <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-i.turn }()
	if !i.tried.IsZero() && time.Since(i.tried) < retryInterval {
		return !i.tried.Before(began) // somebody else has read them while we waited
	}
	i.tried = time.Now()
	keys, err := i.load(context.WithoutCancel(ctx)) // others wait for it, too
	if err != nil {
		i.config.Log.WarnContext(ctx, "cannot read the keys of the tokens' issuer; those that were read before are still good", "error", err)
		return false
	}
	i.keys.Store(&keys)
	return true
}

func (i *Issuer) load(ctx context.Context) (keyfunc.Keyfunc, error) {
	read := i.readFile
	if IsURL(i.config.JWKS) {
		read = i.fetch
	}
	text, err := read(ctx)
	if err != nil {
		return nil, err
	}
	if len(text) > maxKeys {
		return nil, fmt.Errorf("they have more than %d bytes", maxKeys)
	}
	return keyfunc.NewJWKSetJSON(text)
}

// IsURL tells whether keys are named by a URL and not by a file.
func IsURL(jwks string) bool {
	return strings.HasPrefix(jwks, "https://") || strings.HasPrefix(jwks, "http://")
}

func (i *Issuer) readFile(context.Context) ([]byte, error) {
	f, err := os.Open(i.config.JWKS)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxKeys+1))
}

func (i *Issuer) fetch(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, i.config.JWKS, nil)
	if err != nil {
		return nil, err
	}
	resp, err := i.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the issuer answers %s", resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxKeys+1))
}
