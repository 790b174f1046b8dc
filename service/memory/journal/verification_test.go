package journal

import (
	_ "embed"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

//go:embed testdata/schema2.sql
var schema2 string

// olderFile is the path of a file as a program wrote it that knew nothing of
// verified addresses.
func olderFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.db")
	must(t, upgrade(t.Context(), path, migrations[:2], 0))
	run(t, path, "DELETE FROM state; DELETE FROM ballast; "+schema2)
	return path
}

// The rows of an older file are what they were, checksums and all, beside those
// that are written now.
func TestOlderFileIsReadAsItWasWritten(t *testing.T) {
	path := olderFile(t)
	j, users := mustReady(t, path)
	renamed := *user(3)
	renamed.User.LastName, renamed.Keys.LastName, renamed.User.Version = "Reynolds", "reynolds", 2
	if diff := cmp.Diff([]service.Record{*user(2), renamed}, users); diff != "" {
		t.Fatal(diff)
	}
	wantKeys(t, j, key("a"))
	if found := changes(t, j, uuid.Nil); len(found) != 5 {
		t.Errorf("%d changes, want 5", len(found))
	}
	verified := renamed
	verified.User.EmailVerifiedAt, verified.User.Version = time.UnixMicro(1_700_000_000_000_006).UTC(), 3
	must(t, j.Commit([]Entry{step(6, &renamed, &verified), step(7, nil, user(4))}, 0))
	closed(t, j)
	j, users = mustReady(t, path)
	if diff := cmp.Diff([]service.Record{*user(2), verified, *user(4)}, users); diff != "" {
		t.Error(diff)
	}
	if found := changes(t, j, verified.User.ID); len(found) != 3 || cmp.Diff(step(6, &renamed, &verified).Change, found[2]) != "" {
		t.Errorf("the changes are %+v", found)
	}
}

func TestVerificationsAreThereAfterReopening(t *testing.T) {
	path := file(t)
	j, _ := mustReady(t, path)
	epoch, first, never := user(4), user(5), user(6)
	epoch.User.EmailVerifiedAt = time.UnixMicro(0).UTC()
	first.User.EmailVerifiedAt = time.UnixMicro(1_700_000_000_123_456).UTC()
	again, no := *epoch, *first
	again.User.EmailVerifiedAt, no.User.EmailVerifiedAt = first.User.EmailVerifiedAt, time.Time{}
	for _, c := range []struct {
		entries []Entry
		want    []service.Record
	}{
		{[]Entry{step(6, nil, epoch), step(7, nil, first), step(8, nil, never)}, []service.Record{*epoch, *first, *never}},
		{[]Entry{step(9, epoch, &again), step(10, first, &no)}, []service.Record{again, no, *never}},
	} {
		must(t, j.Commit(c.entries, 0))
		closed(t, j)
		var users []service.Record
		j, users = mustReady(t, path)
		if diff := cmp.Diff(c.want, users[2:]); diff != "" {
			t.Error(diff)
		}
	}
}

// A time of verification that was not written there is no time of ours.
func TestTamperedVerificationsAreRefused(t *testing.T) {
	for name, statement := range map[string]string{
		"added":   "UPDATE users SET email_verified_at = 0 WHERE email_key LIKE 'zoë.2%'",
		"changed": "UPDATE users SET email_verified_at = email_verified_at + 1 WHERE email_key LIKE 'zoë.4%'",
		"removed": "UPDATE users SET email_verified_at = NULL WHERE email_key LIKE 'zoë.4%'",
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t)
			j, _ := mustReady(t, path)
			verified := user(4)
			verified.User.EmailVerifiedAt = verified.User.CreatedAt
			must(t, j.Commit([]Entry{step(6, nil, verified)}, 0))
			closed(t, j)
			run(t, path, statement)
			_, _, err := ready(path)
			says(t, err, "it is not as it was written")
		})
	}
}
