package keyfile_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/userd/userd/internal/keyfile"
	"github.com/userd/userd/service"
)

// line is a line for a key that is its own name.
func line(name string, scopes ...service.Scope) string {
	return keyfile.Line(service.Key{Name: name, Scopes: scopes, Hash: service.HashKey(name)})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLine(t *testing.T) {
	const want = "app users:read,admin d2a57dc1d883fd21fb9951699df71cc7"
	if got := line("app", service.ScopeUsersRead, service.ScopeAdmin); !strings.HasPrefix(got, "app users:read,admin ") || len(got) != len(want)+32 {
		t.Error(got)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	good := line("secret", service.ScopeAdmin)
	for name, tt := range map[string]struct{ text, says string }{
		"a key that is not hashed": {"secret admin userd_secret", "line 1: the SHA-256"},
		"half a hash":              {good[:len(good)-2], "line 1: the SHA-256"},
		"no scopes":                {"secret " + strings.Repeat("a", 64), "line 1: a key is"},
		"an unknown scope":         {"# keys\n\n" + strings.Replace(good, "admin", "admin,secret", 1), "line 3: A scope is one of"},
		"an ill-formed name":       {strings.Replace(good, "secret", "Secret", 1), "line 1: A key's name"},
		"a name twice":             {good + "\n" + good, "line 2: a name stands twice"},
		"something at the end":     {good + " secret", "line 1: a key is"},
		"a huge file":              {strings.Repeat("\n", 1<<20+1), "more than"},
	} {
		path := filepath.Join(t.TempDir(), "keys")
		write(t, path, tt.text)
		_, err := keyfile.Open(path, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(strings.ToLower(err.Error()), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keyfile.Open(filepath.Join(t.TempDir(), "keys"), nil); err == nil {
		t.Error("no file: no error")
	}
}

// The file is read again within a second; while it is not good, it is as it was.
func TestFilesThatChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		write(t, path, "# mine\n"+line("app", service.ScopeUsersRead)+"\r\n\n")
		f, err := keyfile.Open(path, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		good := func(name string, want bool) {
			t.Helper()
			a, err := f.Authenticate(t.Context(), name)
			if (err == nil) != want || want && a.String() != "key:"+name || !want && service.CodeOf(err) != service.CodeUnauthenticated {
				t.Errorf("%s: %s %v", name, a, err)
			}
		}
		svc := service.New(nil, service.Config{Authenticators: []service.Authenticator{f.Authenticate}})
		app, err := f.Authenticate(t.Context(), "app")
		if err != nil {
			t.Fatal(err)
		}
		good("app", true)
		good("other", false)
		write(t, path, line("other", service.ScopeAdmin))
		good("app", true)
		time.Sleep(time.Second)
		good("app", false)
		good("other", true)
		if _, err := svc.ListUsers(service.WithActor(t.Context(), app), service.ListInput{}); service.CodeOf(err) != service.CodeUnauthenticated {
			t.Errorf("a connection that is open: %v", err)
		}
		for _, text := range []string{"secret", "gone"} {
			write(t, path, text)
			if text == "gone" {
				_ = os.Remove(path)
			}
			time.Sleep(2 * time.Second)
			good("other", true)
		}
		time.Sleep(2 * time.Second)
		good("other", true)
		if text := log.String(); strings.Count(text, "level=ERROR") < 2 || strings.Contains(text, "secret") {
			t.Error(text)
		}
	})
}
