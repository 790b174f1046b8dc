package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// healthcheckCmd asks a userd on this machine whether it is ready, for
// containers that have no other program to do so.
type healthcheckCmd struct {
	Addr    string        `env:"USERD_ADDR" default:":8000" help:"Address that the server listens on, HOST:PORT."`
	Timeout time.Duration `default:"2s" help:"Time to wait for the answer."`
}

func (c *healthcheckCmd) run(ctx context.Context, stdout, _ io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, localURL(c.Addr)+"/readyz", nil)
	if err != nil {
		return errors.New("--addr must be HOST:PORT or :PORT")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", resp.Status)
	}
	fmt.Fprintln(stdout, "ready")
	return nil
}
