package memory_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/userd/userd/service"
	"github.com/userd/userd/service/memory"
)

// TestChangeLogIsCutWhileNobodyChangesAnything: what is too much by a new
// setting goes, and not only a portion of it each time that it is looked for.
func TestChangeLogIsCutWhileNobodyChangesAnything(t *testing.T) {
	const portions, portion, kept = 60, 1000, 100
	path := filepath.Join(t.TempDir(), "users.db")
	config := memory.Config{KeepChanges: portions * portion, KeepChangesFor: 100 * 365 * 24 * time.Hour}
	s, err := memory.Open(t.Context(), path, config)
	if err != nil {
		t.Fatal(err)
	}
	for p := range portions {
		rows := make([]service.ImportRow, portion)
		for i := range rows {
			rows[i].Record = record(p*portion + i)
		}
		if _, err := s.ImportUsers(t.Context(), rows, service.ImportOptions{OnConflict: service.ConflictFail, At: rows[0].Record.User.CreatedAt}); err != nil {
			t.Fatal(err)
		}
	}
	config.KeepChanges = kept
	s = reopened(t, s, path, config.WithTidyInterval(time.Second))
	eventually(t, "the log to hold no more than it is to", func() bool {
		l, err := s.ChangeLog(t.Context())
		return err == nil && l.First == portions*portion-kept+1 && l.Last == portions*portion
	})
}

// TestChangesThatAgeTogetherAllGo: there are more of them than one transaction
// drops, and the newer ones behind them stay.
func TestChangesThatAgeTogetherAllGo(t *testing.T) {
	const old, all = 3500, 3600
	age := record(old).User.CreatedAt.Add(time.Hour)
	config := memory.Config{KeepChangesFor: time.Hour, Now: func() time.Time { return age }}.WithTidyInterval(time.Millisecond)
	file, err := memory.Open(t.Context(), filepath.Join(t.TempDir(), "users.db"), config)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*memory.Store{"file": file, "memory": memory.NewWith(config)} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { s.Close() })
			for _, part := range [][2]int{{0, old}, {old, all}} {
				rows := make([]service.ImportRow, part[1]-part[0])
				for i := range rows {
					rows[i].Record = record(part[0] + i)
				}
				if _, err := s.ImportUsers(t.Context(), rows, service.ImportOptions{OnConflict: service.ConflictFail, At: rows[0].Record.User.CreatedAt}); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "the old changes, and they alone, to be gone", func() bool {
				l, err := s.ChangeLog(t.Context())
				return err == nil && l.First == old+1 && l.Last == all
			})
		})
	}
}
