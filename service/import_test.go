package service_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// importRow is a row with this address and nothing that need not be there.
func importRow(email string, changes ...func(*service.ImportInput)) service.ImportInput {
	in := service.ImportInput{UserInput: newUser(email)}
	in.Password = service.Optional[string]{}
	for _, change := range changes {
		change(&in)
	}
	return in
}

const (
	importedID   = "6ba7b810-9dad-11d1-80b4-00c04fd430c8" // of version 1, as old systems have them
	importedHash = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"
)

func (w *world) importRows(t *testing.T, on service.ConflictPolicy, rows ...service.ImportInput) []service.ImportResult {
	t.Helper()
	results, err := w.Import(t.Context(), rows, service.ImportOptions{OnConflict: on})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func (w *world) records(t *testing.T) []service.Record {
	t.Helper()
	var records []service.Record
	for r, err := range w.Export(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// outcomes are the results in words.
func outcomes(results []service.ImportResult) string {
	var words []string
	for _, r := range results {
		if word := string(r.Outcome); r.Err == nil {
			words = append(words, word)
		} else {
			words = append(words, word+" "+string(service.CodeOf(r.Err)))
		}
	}
	return strings.Join(words, ", ")
}

func wantOutcomes(t *testing.T, results []service.ImportResult, want string) {
	t.Helper()
	if got := outcomes(results); got != want {
		t.Errorf("the outcomes are %q, want %q", got, want)
	}
}

func TestImportOfAllThatARowCanSay(t *testing.T) {
	w := newWorld(t)
	results := w.importRows(t, service.ConflictFail, importRow(" Ada@Example.com ", func(in *service.ImportInput) {
		in.ID, in.PasswordHash, in.Version = service.Some(importedID), service.Some(importedHash), service.Some(int64(7))
		in.CreatedAt, in.UpdatedAt = service.Some("2019-03-31T02:30:00.1234567+02:00"), service.Some("2020-02-29T23:59:59Z")
		in.IsActive, in.EmailVerifiedAt = service.Some(false), service.Some("2019-05-01T12:00:00.6543219+02:00")
	}))
	wantOutcomes(t, results, "created")
	want := []service.Record{{
		User: service.User{
			ID: uuid.MustParse(importedID), Email: "Ada@Example.com", FirstName: "Ada", LastName: "Lovelace", Version: 7,
			EmailVerifiedAt: time.Date(2019, 5, 1, 10, 0, 0, 654321000, time.UTC),
			CreatedAt:       time.Date(2019, 3, 31, 0, 30, 0, 123456000, time.UTC), UpdatedAt: time.Date(2020, 2, 29, 23, 59, 59, 0, time.UTC),
		},
		Keys:         service.Keys{Email: "ada@example.com", FirstName: "ada", LastName: "lovelace"},
		PasswordHash: importedHash,
	}}
	if diff := cmp.Diff(want, w.records(t)); diff != "" {
		t.Error(diff)
	}
	page, err := w.Changes(t.Context(), service.ChangesInput{})
	if err != nil || len(page.Items) != 1 || !page.Items[0].Change.At.Equal(w.now) {
		t.Errorf("the log is %+v, %v", page, err)
	}
}

func TestImportOfAsLittleAsARowMaySay(t *testing.T) {
	w := newWorld(t)
	wantOutcomes(t, w.importRows(t, service.ConflictFail, importRow("ada@example.com")), "created")
	got := w.records(t)[0]
	if u := got.User; u.ID == uuid.Nil || !u.IsActive || u.Version != 1 || !u.CreatedAt.Equal(w.now) || !u.UpdatedAt.Equal(w.now) || got.PasswordHash != "" {
		t.Errorf("the user is %+v", got)
	}
	_, err := w.VerifyPassword(t.Context(), login("ada@example.com", "guess"))
	wantError[*service.InvalidCredentialsError](t, err, service.CodeInvalidCredentials)
}

func TestImportTakesOneTimeForTheOther(t *testing.T) {
	created, updated := service.Some("2019-01-01T00:00:00Z"), service.Some("2020-01-01T00:00:00Z")
	none := service.Optional[string]{}
	for name, c := range map[string]struct {
		created, updated service.Optional[string]
		want             string
	}{
		"both":    {created, updated, "2019 2020"},
		"created": {created, none, "2019 2019"},
		"updated": {none, updated, "2020 2020"},
		"neither": {none, none, "2026 2026"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.importRows(t, service.ConflictFail, importRow("ada@example.com", func(in *service.ImportInput) {
				in.CreatedAt, in.UpdatedAt = c.created, c.updated
			}))
			u := w.records(t)[0].User
			if got := fmt.Sprint(u.CreatedAt.Year(), u.UpdatedAt.Year()); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// saltedHash is a hash in Django's form, in which the salt is its own text.
func saltedHash(salt string) string { return "pbkdf2_sha256$1000$" + salt + "$" + saltedKey }

const saltedKey = "mj29fnXJwvx2i2D7hUaXgyHrWd5bYzl6HElf+AsPifU="

func TestImportOfMistakes(t *testing.T) {
	w := newWorld(t)
	text, null := service.Some[string], service.Null[string]()
	for name, c := range map[string]struct {
		change func(*service.ImportInput)
		want   mistakes
	}{
		"nothing": {func(in *service.ImportInput) { *in = service.ImportInput{} },
			mistakes{"email": "REQUIRED", "first_name": "REQUIRED", "last_name": "REQUIRED"}},
		"everything": {func(in *service.ImportInput) {
			in.Email, in.FirstName, in.LastName, in.ID = text("ada"), text(""), text("\x00"), text("42")
			in.Password, in.PasswordHash, in.IsActive = text("short"), text("md5"), service.Null[bool]()
			in.CreatedAt, in.UpdatedAt, in.Version = text("yesterday"), text("2026"), service.Some[int64](0)
		}, mistakes{
			"email": "INVALID", "first_name": "REQUIRED", "last_name": "FORBIDDEN_CHARACTER", "id": "INVALID", "password": "TOO_SHORT",
			"password_hash": "INVALID", "is_active": "REQUIRED", "created_at": "INVALID", "updated_at": "INVALID", "version": "OUT_OF_RANGE",
		}},
		"nulls": {func(in *service.ImportInput) {
			in.ID, in.PasswordHash, in.CreatedAt, in.UpdatedAt, in.Version = null, null, null, null, service.Null[int64]()
		}, mistakes{"id": "REQUIRED", "password_hash": "REQUIRED", "created_at": "REQUIRED", "updated_at": "REQUIRED", "version": "REQUIRED"}},
		"the nil id":                 {func(in *service.ImportInput) { in.ID = text(uuid.Nil.String()) }, mistakes{"id": "INVALID"}},
		"an id in capitals":          {func(in *service.ImportInput) { in.ID = text(strings.ToUpper(importedID)) }, mistakes{"id": "INVALID"}},
		"a password and a hash":      {func(in *service.ImportInput) { in.Password, in.PasswordHash = text(goodPassword), text(importedHash) }, mistakes{"password_hash": "INVALID"}},
		"a hash that costs too much": {func(in *service.ImportInput) { in.PasswordHash = text("$2b$15$" + importedHash[7:]) }, mistakes{"password_hash": "OUT_OF_RANGE"}},
		"a hash with a NUL":          {func(in *service.ImportInput) { in.PasswordHash = text(saltedHash("sea\x00salt")) }, mistakes{"password_hash": "FORBIDDEN_CHARACTER"}},
		"a hash that is not UTF-8":   {func(in *service.ImportInput) { in.PasswordHash = text(saltedHash("sea\xffsalt")) }, mistakes{"password_hash": "FORBIDDEN_CHARACTER"}},
		"a hash that is not ASCII":   {func(in *service.ImportInput) { in.PasswordHash = text(saltedHash("Zoë")) }, mistakes{"password_hash": "FORBIDDEN_CHARACTER"}},
		"a scrypt hash with a tab":   {func(in *service.ImportInput) { in.PasswordHash = text("scrypt$16384$sea\tsalt$8$1$" + saltedKey) }, mistakes{"password_hash": "FORBIDDEN_CHARACTER"}},
		"a personal password":        {func(in *service.ImportInput) { in.Password = text("Ada Lovelace") }, mistakes{"password": "PASSWORD_IS_PERSONAL"}},
		"a common password":          {func(in *service.ImportInput) { in.Password = text("password1") }, mistakes{"password": "PASSWORD_TOO_COMMON"}},
		"a version too high":         {func(in *service.ImportInput) { in.Version = service.Some[int64](1_000_000_001) }, mistakes{"version": "OUT_OF_RANGE"}},
		"a time to come":             {func(in *service.ImportInput) { in.CreatedAt = text("2026-11-23T12:01:01Z") }, mistakes{"created_at": "OUT_OF_RANGE"}},
		"a time before all":          {func(in *service.ImportInput) { in.CreatedAt = text("0000-11-23T12:01:01Z") }, mistakes{"created_at": "OUT_OF_RANGE"}},
		"a time without a zone":      {func(in *service.ImportInput) { in.UpdatedAt = text("2026-11-23T12:00:00") }, mistakes{"updated_at": "INVALID"}},
		"a time with a comma":        {func(in *service.ImportInput) { in.UpdatedAt = text("2026-11-23T12:00:00,1Z") }, mistakes{"updated_at": "INVALID"}},
		"verified in time to come":   {func(in *service.ImportInput) { in.EmailVerifiedAt = text("2026-11-23T12:01:01Z") }, mistakes{"email_verified_at": "OUT_OF_RANGE"}},
		"verified, and no time":      {func(in *service.ImportInput) { in.EmailVerifiedAt = text("0001-01-01T00:00:00.0000009Z") }, mistakes{"email_verified_at": "OUT_OF_RANGE"}},
		"verified, and not when":     {func(in *service.ImportInput) { in.EmailVerifiedAt = text("true") }, mistakes{"email_verified_at": "INVALID"}},
		"verified, and blank":        {func(in *service.ImportInput) { in.EmailVerifiedAt = text("") }, mistakes{"email_verified_at": "INVALID"}},
		"changed before created": {func(in *service.ImportInput) {
			in.CreatedAt, in.UpdatedAt = text("2026-11-23T12:00:00Z"), text("2026-11-23T11:59:59Z")
		}, mistakes{"updated_at": "OUT_OF_RANGE"}},
		"a row that is no row": {func(in *service.ImportInput) {
			*in = service.ImportInput{Mistakes: []service.FieldError{{Code: "INVALID", Message: "No JSON."}}}
		}, mistakes{"": "INVALID"}},
		"mistakes from before": {func(in *service.ImportInput) {
			in.FirstName = text("")
			in.Email = service.Optional[string]{}
			in.Mistakes = []service.FieldError{{Field: "email", Code: "INVALID", Message: "Given twice."}, {Field: "nick", Code: "UNKNOWN_FIELD", Message: "There is none."}}
		}, mistakes{"email": "INVALID", "nick": "UNKNOWN_FIELD", "first_name": "REQUIRED"}},
	} {
		t.Run(name, func(t *testing.T) {
			results := w.importRows(t, service.ConflictFail, importRow("ada@example.com", c.change))
			if results[0].Outcome != service.ImportRefused {
				t.Errorf("the outcome is %s", results[0].Outcome)
			}
			wantMistakes(t, results[0].Err, c.want)
		})
	}
	if records := w.records(t); len(records) != 0 {
		t.Errorf("%d users were created", len(records))
	}
}

func TestImportAllowsForAClockThatIsAhead(t *testing.T) {
	w := newWorld(t)
	wantOutcomes(t, w.importRows(t, service.ConflictFail, importRow("ada@example.com", func(in *service.ImportInput) {
		in.CreatedAt = service.Some("2026-11-23T12:01:00Z")
	})), "created")
}

func TestImportOfConflicts(t *testing.T) {
	password := func(in *service.ImportInput) { in.Password = service.Some(goodPassword) }
	for name, c := range map[string]struct {
		on   service.ConflictPolicy
		row  service.ImportInput
		want string
	}{
		"fail by address":    {service.ConflictFail, importRow("ADA@example.com"), "created, refused INVALID_INPUT, refused EMAIL_TAKEN, created"},
		"skip by address":    {service.ConflictSkip, importRow("ADA@example.com"), "created, refused INVALID_INPUT, skipped, created"},
		"update by address":  {service.ConflictUpdate, importRow("ADA@example.com"), "created, refused INVALID_INPUT, updated, created"},
		"with a password":    {service.ConflictUpdate, importRow("Ada@example.com", password), "created, refused INVALID_INPUT, updated, created"},
		"the same again":     {service.ConflictUpdate, importRow("Ada@example.com"), "created, refused INVALID_INPUT, unchanged, created"},
		"skip with password": {service.ConflictSkip, importRow("ada@example.com", password), "created, refused INVALID_INPUT, skipped, created"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.create(t, "Ada@example.com")
			rows := []service.ImportInput{importRow("a@example.com", password), importRow("nobody"), c.row, importRow("b@example.com")}
			before := w.records(t)
			dry, err := w.Import(t.Context(), rows, service.ImportOptions{OnConflict: c.on, DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			wantOutcomes(t, dry, c.want)
			if diff := cmp.Diff(before, w.records(t)); diff != "" {
				t.Errorf("the dry run changed something:\n%s", diff)
			}
			wantOutcomes(t, w.importRows(t, c.on, rows...), c.want)
			if _, err := w.VerifyPassword(t.Context(), login("a@example.com", goodPassword)); err != nil {
				t.Errorf("the imported password: %v", err)
			}
		})
	}
}

func TestImportByIDThatIsTaken(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	row := importRow("new@example.com", func(in *service.ImportInput) { in.ID = service.Some(u.ID.String()) })
	results := w.importRows(t, service.ConflictFail, row)
	wantError[*service.IDTakenError](t, results[0].Err, service.CodeIDTaken)
	wantOutcomes(t, w.importRows(t, service.ConflictUpdate, row), "updated")
	got, err := w.User(t.Context(), u.ID)
	if err != nil || got.Email != "new@example.com" || got.Version != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Nobody comes back who was kept out, because a file does not speak of it.
func TestImportLeavesWhatARowDoesNotSay(t *testing.T) {
	w := newWorld(t)
	u := w.create(t, "ada@example.com")
	if _, err := w.UpdateUser(t.Context(), u.ID, service.UserInput{IsActive: service.Some(false)}, nil); err != nil {
		t.Fatal(err)
	}
	hash := w.passwordHash(t, u.ID)
	wantOutcomes(t, w.importRows(t, service.ConflictUpdate, importRow("ada@example.com", func(in *service.ImportInput) {
		in.FirstName = service.Some("Augusta")
	})), "updated")
	got := w.records(t)[0]
	if got.User.IsActive || got.User.FirstName != "Augusta" || got.PasswordHash != hash {
		t.Errorf("the user is %+v", got)
	}
	w.importRows(t, service.ConflictUpdate, importRow("ada@example.com", func(in *service.ImportInput) { in.IsActive = service.Some(true) }))
	if !w.records(t)[0].User.IsActive {
		t.Error("the user whose row says so is not active")
	}
}

// An address stays verified unless the row has another one or says otherwise.
func TestImportOfVerifications(t *testing.T) {
	const then, since = "2020-01-31T12:00:00Z", "2021-01-31T12:00:00Z"
	none := service.Optional[string]{}
	for name, c := range map[string]struct {
		first, second service.Optional[string]
		email         string
		want          string
	}{
		"of a new user":        {service.Some(then), none, "ada@example.com", "2020"},
		"not of a new user":    {service.Null[string](), none, "ada@example.com", "1"},
		"of a user":            {none, service.Some(since), "ada@example.com", "2021"},
		"again":                {service.Some(then), service.Some(since), "ada@example.com", "2021"},
		"no longer":            {service.Some(then), service.Null[string](), "ada@example.com", "1"},
		"in another spelling":  {service.Some(then), none, "ADA@example.com", "2020"},
		"of another address":   {service.Some(then), none, "new@example.com", "1"},
		"with another address": {service.Some(then), service.Some(since), "new@example.com", "2021"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i, said := range []service.Optional[string]{c.first, c.second} {
				email := []string{"ada@example.com", c.email}[i]
				results := w.importRows(t, service.ConflictUpdate, importRow(email, func(in *service.ImportInput) {
					in.ID, in.EmailVerifiedAt = service.Some(importedID), said
				}))
				if results[0].Refused() {
					t.Fatal(results[0].Err)
				}
			}
			if got := fmt.Sprint(w.records(t)[0].User.EmailVerifiedAt.Year()); got != c.want {
				t.Errorf("verified in %s, want %s", got, c.want)
			}
		})
	}
}

// Hashing takes long; whoever resumes an import does not wait for it again.
func TestImportHashesNothingForUsersWhoAreSkipped(t *testing.T) {
	w := newWorldWith(t, service.Config{Argon2: cheap, Hashing: service.HashingLimits{Slots: 1, Wait: time.Nanosecond}})
	row := importRow("ada@example.com", func(in *service.ImportInput) { in.Password = service.Some(goodPassword) })
	wantOutcomes(t, w.importRows(t, service.ConflictSkip, row), "created")
	leave := w.OccupyHashing(t)
	defer leave()
	wantOutcomes(t, w.importRows(t, service.ConflictSkip, row), "skipped")
	_, err := w.Import(t.Context(), []service.ImportInput{importRow("bob@example.com"), importRow("eve@example.com", func(in *service.ImportInput) {
		in.Password = service.Some(goodPassword)
	})}, service.ImportOptions{OnConflict: service.ConflictSkip})
	wantError[*service.UnavailableError](t, err, service.CodeUnavailable)
	if records := w.records(t); len(records) != 1 {
		t.Errorf("there are %d users after an import that failed, want 1", len(records))
	}
}

func TestImportThatFailsAsAWhole(t *testing.T) {
	errNoIDs := errors.New("no more ids")
	w := newWorldWith(t, service.Config{Argon2: cheap, NewID: func() (uuid.UUID, error) { return uuid.Nil, errNoIDs }})
	if _, err := w.Import(t.Context(), []service.ImportInput{importRow("ada@example.com")}, service.ImportOptions{}); !errors.Is(err, errNoIDs) {
		t.Errorf("without ids the error is %v", err)
	}
	if _, err := w.Import(t.Context(), make([]service.ImportInput, service.MaxImportRows+1), service.ImportOptions{}); err == nil {
		t.Error("too many rows are taken")
	}
	row := importRow("ada@example.com", func(in *service.ImportInput) { in.ID = service.Some(importedID) })
	for range 2 {
		if _, err := w.Import(cancelled(t), []service.ImportInput{row}, service.ImportOptions{}); !errors.Is(err, errHungUp) {
			t.Errorf("the error is %v, want the context's cause", err)
		}
		row.Password = service.Some(goodPassword)
	}
}

func TestExportOfManyPages(t *testing.T) {
	w := newWorld(t)
	var rows []service.ImportInput
	for i := range 2500 {
		rows = append(rows, importRow(fmt.Sprintf("user%d@example.com", i)))
	}
	w.importRows(t, service.ConflictFail, rows...)
	seen := make(map[uuid.UUID]bool)
	last := uuid.Nil
	for _, r := range w.records(t) {
		if seen[r.User.ID] = true; strings.Compare(last.String(), r.User.ID.String()) >= 0 {
			t.Fatal("the ids are not in order")
		}
		last = r.User.ID
	}
	if len(seen) != 2500 {
		t.Errorf("%d users were exported", len(seen))
	}
	for range w.Export(t.Context()) {
		break // without reading on
	}
	for _, err := range w.Export(cancelled(t)) {
		if !errors.Is(err, errHungUp) {
			t.Errorf("the error is %v, want the context's cause", err)
		}
	}
}
