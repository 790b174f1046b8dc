package service_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Each refresh token gives the next one, which the session goes on with.
func TestRefreshing(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	began, seen := w.now, map[string]bool{g.RefreshToken: true}
	for range 10 {
		w.now = w.now.Add(29 * 24 * time.Hour)
		if w.now.Sub(began) >= 180*24*time.Hour {
			break
		}
		next := w.refresh(t, g.RefreshToken)
		if seen[next.RefreshToken] || next.Session.ID != g.Session.ID || next.User != u {
			t.Fatalf("%+v", next)
		}
		ends := w.now.AddDate(0, 0, 30)
		if last := began.AddDate(0, 0, 180); ends.After(last) {
			ends = last
		}
		want := service.Session{ID: g.Session.ID, CreatedAt: began, RefreshedAt: w.now, ExpiresAt: ends, IsCurrent: true}
		if diff := cmp.Diff(want, next.Session); diff != "" {
			t.Error(diff)
		}
		if _, err := w.claims(t, next.AccessToken); err != nil {
			t.Error(err)
		}
		g = next
		seen[g.RefreshToken] = true
	}
	if len(seen) != 7 {
		t.Errorf("it was refreshed %d times", len(seen)-1)
	}
	w.wantEnded(t, g)
	w.wantSessions(t, u.ID)
}

func TestSessionsThatAreNotRefreshedEnd(t *testing.T) {
	w := newWorld(t)
	g := w.signIn(t, w.create(t, "ada@example.com").Email)
	w.now = w.now.Add(15*time.Minute - time.Second)
	if _, err := w.Authenticate(t.Context(), "Bearer "+g.AccessToken); err != nil {
		t.Error(err)
	}
	w.now = w.now.Add(time.Second)
	wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+g.AccessToken)))
	w.now = g.Session.ExpiresAt.Add(-time.Second)
	next := w.refresh(t, g.RefreshToken)
	w.now = next.Session.ExpiresAt
	w.wantEnded(t, next)
}

// No access token outlives its session, and no session a lifetime that has been
// made shorter.
func TestLifetimesInTheirWay(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Sessions: service.SessionConfig{AccessTokenLifetime: 24 * time.Hour, IdleTimeout: time.Hour, Lifetime: 90 * time.Minute}})
	g := w.signIn(t, w.create(t, "ada@example.com").Email)
	if g.ExpiresIn != 3600 {
		t.Errorf("%d seconds, of an hour at most", g.ExpiresIn)
	}
	w.now = w.now.Add(time.Hour - time.Second)
	if g = w.refresh(t, g.RefreshToken); g.ExpiresIn != 1801 {
		t.Errorf("%d seconds, of a session that ends in 1801", g.ExpiresIn)
	}
	shorter := service.New(w.store, service.Config{Now: func() time.Time { return w.now }, Sessions: service.SessionConfig{Lifetime: 30 * time.Minute}})
	wantInvalid(t, first(shorter.RefreshSession(t.Context(), g.RefreshToken)))
}

// A token that is used twice is answered twice for ten seconds, in the same way.
// After that its session ends, and operators hear of it, but no secret.
func TestReuse(t *testing.T) {
	var log bytes.Buffer
	w := newWorldWith(t, service.Config{Argon2: cheap, Log: slog.New(slog.NewTextHandler(&log, nil))})
	u := w.create(t, "ada@example.com")
	other, old := w.signIn(t, u.Email), w.signIn(t, u.Email)
	next := w.refresh(t, old.RefreshToken)
	w.now = w.now.Add(10*time.Second - time.Microsecond)
	again := w.refresh(t, old.RefreshToken)
	if again.RefreshToken != next.RefreshToken || again.Session != next.Session {
		t.Errorf("%+v, want %+v", again, next)
	}
	w.now = w.now.Add(time.Microsecond)
	newest := w.refresh(t, next.RefreshToken)
	if log.Len() != 0 {
		t.Errorf("the log says %s", &log)
	}
	wantInvalid(t, first(w.RefreshSession(t.Context(), old.RefreshToken)))
	w.wantEnded(t, newest)
	w.wantSessions(t, u.ID, other.Session.ID)
	if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "level=WARN") ||
		!strings.Contains(line, u.ID.String()) || !strings.Contains(line, old.Session.ID.String()) || strings.Contains(line, "userd_refresh") {
		t.Errorf("the log says %s", line)
	}
}

// Whoever does not have a refresh token cannot end the session by showing
// something that looks like it.
func TestRefreshTokensThatAreNone(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g, other := w.signIn(t, u.Email), w.signIn(t, u.Email)
	for name, token := range map[string]string{
		"nothing":             "",
		"an API key":          service.NewKeyText(),
		"an access token":     g.AccessToken,
		"a part":              g.RefreshToken[:len(g.RefreshToken)-1],
		"more":                g.RefreshToken + "0",
		"a digit changed":     changedDigit(g.RefreshToken),
		"another prefix":      strings.Replace(g.RefreshToken, "userd", "other", 1),
		"all zeros":           service.SecretText("userd_refresh_", make([]byte, 64)),
		"another family":      withFamily(t, g.RefreshToken),
		"too large a number":  service.Checked("userd_refresh_" + strings.Repeat("Z", 86)),
		"no number":           service.Checked("userd_refresh_" + strings.Repeat("_", 86)),
		"a negative number":   service.Checked("userd_refresh_-" + strings.Repeat("1", 85)),
		"another sort's text": service.SecretText("userd_", make([]byte, 64)),
	} {
		t.Run(name, func(t *testing.T) {
			wantInvalid(t, first(w.RefreshSession(t.Context(), token)))
			if strings.HasPrefix(token, "userd_refresh_") {
				wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+token)))
			}
			if token != "" && token != g.AccessToken {
				wantInvalid(t, first(w.SignOut(t.Context(), token)))
			}
		})
	}
	w.wantSessions(t, u.ID, oldestFirst(g, other)...)
	w.refresh(t, g.RefreshToken)
}

// oldestFirst are the sessions of grants that were made at one time, in the order
// of the store.
func oldestFirst(grants ...service.Grant) (ids []uuid.UUID) {
	for _, g := range grants {
		ids = append(ids, g.Session.ID)
	}
	service.SortBySessionKey(ids)
	return ids
}

func changedDigit(text string) string {
	digit := "0"
	if text[20] == '0' {
		digit = "1"
	}
	return text[:20] + digit + text[21:]
}

// withFamily is a token of the same session that somebody else has made up.
func withFamily(t *testing.T, token string) string {
	t.Helper()
	secret := make([]byte, 64)
	if !service.ParseSecret("userd_refresh_", token, secret) {
		t.Fatal("it is no token")
	}
	secret[16] ^= 1
	return service.SecretText("userd_refresh_", secret)
}

// However many refresh at once with one token, there is one next token.
func TestManyRefreshAtOnce(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	for range 5 {
		next := make([]string, 16)
		var all sync.WaitGroup
		for i := range next {
			all.Go(func() {
				g, err := w.RefreshSession(t.Context(), g.RefreshToken)
				if err != nil {
					t.Error(err)
				}
				next[i] = g.RefreshToken
			})
		}
		all.Wait()
		for _, token := range next {
			if token != next[0] || token == g.RefreshToken {
				t.Fatalf("%s and %s", token, next[0])
			}
		}
		g.RefreshToken = next[0]
	}
	w.wantSessions(t, u.ID, g.Session.ID)
}

// A copy of an older version that shuts a user out ends no sessions.
func TestInactiveUsersDoNotRefresh(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.signIn(t, u.Email)
	if _, err := w.store.UpdateUser(t.Context(), u.ID, service.Update{At: w.now, IsActive: new(false)}); err != nil {
		t.Fatal(err)
	}
	wantInvalid(t, first(w.RefreshSession(t.Context(), g.RefreshToken)))
	wantInvalid(t, first(w.Authenticate(t.Context(), "Bearer "+g.AccessToken)))
}

// What is kept of sessions is of no use to who reads it.
func TestSessionsAreKeptWithoutTheirSecrets(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	g := w.refresh(t, w.signIn(t, u.Email).RefreshToken)
	items, err := w.store.Items(t.Context(), service.ItemQuery{Kind: "session", Limit: 10, At: w.now})
	if err != nil || len(items) != 1 {
		t.Fatalf("%+v %v", items, err)
	}
	secret := make([]byte, 64)
	service.ParseSecret("userd_refresh_", g.RefreshToken, secret)
	for _, part := range [][]byte{secret[16:32], secret[32:]} {
		encoded, _ := json.Marshal(part)
		if bytes.Contains(items[0].Value, bytes.Trim(encoded, `"`)) || bytes.Contains(items[0].Value, part) {
			t.Errorf("%s is kept", encoded)
		}
	}
}
