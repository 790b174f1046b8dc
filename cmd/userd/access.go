package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"regexp"

	"github.com/userd/userd/internal/issuer"
	"github.com/userd/userd/internal/keyfile"
	"github.com/userd/userd/service"
)

// accessSettings say who may call, and what is shown to those who may not.
type accessSettings struct {
	APIKeysFile    string   `name:"api-keys-file" env:"USERD_API_KEYS_FILE" help:"File of API keys; with it the service is closed, even while the file is empty."`
	JWTIssuer      string   `name:"jwt-issuer" env:"USERD_JWT_ISSUER" help:"Issuer (iss) whose tokens are taken; with it the service is closed."`
	JWTAudience    string   `name:"jwt-audience" env:"USERD_JWT_AUDIENCE" help:"Audience (aud) that they must be for."`
	JWTJWKS        string   `name:"jwt-jwks" env:"USERD_JWT_JWKS" help:"URL or file of the issuer's public keys, a JWK set."`
	AllowedOrigins []string `env:"USERD_ALLOWED_ORIGINS" help:"Origins, such as https://app.example.com, whose pages may call, also over WebSockets."`
	Docs           bool     `env:"USERD_DOCS" default:"true" negatable:"" help:"Serve the documentation pages and the playground."`
	Console        bool     `env:"USERD_CONSOLE" default:"true" negatable:"" help:"Serve the console, /console."`
	Introspection  bool     `env:"USERD_INTROSPECTION" default:"true" negatable:"" help:"Answer GraphQL queries of the schema."`
}

// check refuses half an issuer, and what no browser sends as an origin.
func (s *accessSettings) check() error {
	if given := s.JWTIssuer != "" || s.JWTAudience != "" || s.JWTJWKS != ""; given && (s.JWTIssuer == "" || s.JWTAudience == "" || s.JWTJWKS == "") {
		return errors.New("--jwt-issuer, --jwt-audience and --jwt-jwks need each other")
	}
	for _, origin := range s.AllowedOrigins {
		if !isOrigin(origin) {
			return errors.New("--allowed-origins takes origins as browsers send them, such as https://app.example.com or http://localhost:3000: http, https, " +
				"app, capacitor, ionic, tauri, vscode-webview, chrome-extension or moz-extension, in lower case, international names as xn--, without a wildcard, a path, or a port that goes without saying")
		}
	}
	return nil
}

// originForm has the scheme and the port of an origin in groups. Browsers send
// names in ASCII and lower case (WHATWG HTML, serialization of an origin). Those
// within applications, and extensions, have schemes of their own.
var originForm = regexp.MustCompile(`^(https?|app|capacitor|ionic|tauri|vscode-webview|chrome-extension|moz-extension)://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?$`)

// isOrigin tells whether a browser could send this. Origins are compared byte by
// byte: another spelling would be allowed in vain.
func isOrigin(text string) bool {
	parts := originForm.FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	scheme, port := parts[1], parts[2]
	return port == "" || isPort(port) && port != map[string]string{"http": "80", "https": "443"}[scheme]
}

// authenticators recognise the callers that the settings name, until ctx ends.
func (s *accessSettings) authenticators(ctx context.Context, log *slog.Logger) ([]service.Authenticator, error) {
	var all []service.Authenticator
	if s.APIKeysFile != "" {
		file, err := keyfile.Open(s.APIKeysFile, log)
		if err != nil {
			return nil, err
		}
		all = append(all, file.Authenticate)
	}
	if s.JWTIssuer != "" {
		tokens := issuer.Open(ctx, issuer.Config{Issuer: s.JWTIssuer, Audience: s.JWTAudience, JWKS: s.JWTJWKS, Log: log})
		all = append(all, tokens.Authenticate)
	}
	return all, nil
}

// warnIfOpen says once what it means that nobody has to say who they are.
func warnIfOpen(ctx context.Context, log *slog.Logger, svc *service.Service, addr net.Addr) {
	open, err := svc.IsOpen(ctx)
	if err != nil {
		log.Warn("cannot tell whether the service is open", "error", err)
		return
	}
	if open {
		log.Warn("the service is open: "+exposure(addr)+" may read, change and delete every user; "+
			"to close it, make a key with userd keys add NAME --scope=admin, or set USERD_API_KEYS_FILE or USERD_JWT_ISSUER", "addr", addr.String())
	}
}

// exposure is who can reach a server that listens on addr.
func exposure(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return "everybody on this machine"
	}
	return "everybody who can reach this port, from any network"
}
