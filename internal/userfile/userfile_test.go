package userfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/userd/userd/internal/userfile"
	"github.com/userd/userd/service"
)

// read reads a whole file.
func read(t *testing.T, f userfile.Format, text string) []userfile.Row {
	t.Helper()
	r, err := userfile.NewReader(strings.NewReader(text), f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []userfile.Row
	for {
		row, err := r.Read()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

// said is what a row says, in words.
func said(row userfile.Row) string {
	in := row.Input
	text := fmt.Sprintf("%d:", row.Line)
	for _, f := range []struct {
		name  string
		value service.Optional[string]
	}{
		{"id", in.ID}, {"email", in.Email}, {"first", in.FirstName}, {"last", in.LastName}, {"password", in.Password},
		{"hash", in.PasswordHash}, {"created", in.CreatedAt}, {"updated", in.UpdatedAt}, {"verified", in.EmailVerifiedAt},
	} {
		if v, ok := f.value.Get(); ok {
			text += fmt.Sprintf(" %s=%q", f.name, v)
		} else if f.value.IsNull() {
			text += " " + f.name + "=null"
		}
	}
	if v, ok := in.IsActive.Get(); ok {
		text += fmt.Sprintf(" active=%v", v)
	} else if in.IsActive.IsNull() {
		text += " active=null"
	}
	if v, ok := in.Version.Get(); ok {
		text += fmt.Sprintf(" version=%d", v)
	} else if in.Version.IsNull() {
		text += " version=null"
	}
	for _, m := range in.Mistakes {
		text += fmt.Sprintf(" !%s %s", m.Field, m.Code)
	}
	return text
}

func TestRows(t *testing.T) {
	long := strings.Repeat("x", userfile.MaxRow)
	const header = "email,first_name,last_name\n"
	for name, c := range map[string]struct {
		format userfile.Format
		text   string
		want   []string
	}{
		"every field": {userfile.NDJSON,
			`{"id":"1","email":"a","first_name":"b","last_name":"c","password":"d","password_hash":"e","created_at":"f","updated_at":"g","email_verified_at":"h","is_active":true,"version":7}` + "\n",
			[]string{`1: id="1" email="a" first="b" last="c" password="d" hash="e" created="f" updated="g" verified="h" active=true version=7`}},
		"nulls": {userfile.NDJSON, `{"id":null,"email":null,"email_verified_at":null,"is_active":null,"version":null}`, []string{"1: id=null email=null verified=null active=null version=null"}},
		"blank lines, line breaks and a last line without one": {userfile.NDJSON, "\n{}\r\n  \n{\"email\":\"a\"}", []string{"2:", `4: email="a"`}},
		"a byte order mark":  {userfile.NDJSON, "\ufeff{}\n", []string{"1:"}},
		"escapes":            {userfile.NDJSON, `{"first_name":"Zo\u00eb \"\n"}`, []string{`1: first="Zoë \"\n"`}},
		"values of no use":   {userfile.NDJSON, `{"email":1,"is_active":"true","version":1.5,"first_name":["a"]}`, []string{"1: !email INVALID !is_active INVALID !version INVALID !first_name INVALID"}},
		"unknown names":      {userfile.NDJSON, `{"Email":"a","nick-name":{"a":[1]}}`, []string{"1: !Email UNKNOWN_FIELD !nick-name UNKNOWN_FIELD"}},
		"names to be hidden": {userfile.NDJSON, `{"<b>":1,"` + long[:65] + `":1}`, []string{"1: ! UNKNOWN_FIELD"}},
		"a name given twice": {userfile.NDJSON, `{"email":"a","email":"b"}`, []string{"1: ! INVALID"}},
		"no JSON": {userfile.NDJSON, "email,first_name\n{\n[]\n{} {}\n{\"email\"}\n{\"email\":}\n\"x\"\n{\"email\":\"\xff\"}\nnull\n{}", []string{
			"1: ! INVALID", "2: ! INVALID", "3: ! INVALID", "4: ! INVALID", "5: ! INVALID", "6: ! INVALID", "7: ! INVALID", "8: ! INVALID", "9: ! INVALID", "10:"}},
		"a long line":            {userfile.NDJSON, `{"email":"` + long + "\"}\n{}\n", []string{"1: ! TOO_LONG", "2:"}},
		"a very long line":       {userfile.NDJSON, "{}\n" + strings.Repeat(long, 5), []string{"1:", "2: ! TOO_LONG"}},
		"as long as it may be":   {userfile.NDJSON, `{"email":"` + long[:userfile.MaxRow-12] + "\"}\r\n{}", []string{`1: email="` + long[:userfile.MaxRow-12] + `"`, "2:"}},
		"an empty file":          {userfile.NDJSON, "", nil},
		"columns in any order":   {userfile.CSV, "last_name,email,is_active,version,id,first_name,password,password_hash,created_at,updated_at,email_verified_at\nc,a,false,7,1,b,d,e,f,g,h\n", []string{`2: id="1" email="a" first="b" last="c" password="d" hash="e" created="f" updated="g" verified="h" active=false version=7`}},
		"empty cells":            {userfile.CSV, header + "a,,\n,,\n", []string{`2: email="a"`, "3:"}},
		"quoted cells":           {userfile.CSV, "\ufeff\"email\",first_name,last_name\r\n\"a\",\"b \"\"c\"\", d\",\"\"\r\n", []string{`2: email="a" first="b \"c\", d"`}},
		"line breaks in cells":   {userfile.CSV, header + "a,\"b\nb\n\",c\nd,e,f\n", []string{"2: ! INVALID", "3: ! INVALID", "4: ! INVALID", `5: email="d" first="e" last="f"`}},
		"blank lines":            {userfile.CSV, "\n" + header + "\n\na,b,c", []string{`5: email="a" first="b" last="c"`}},
		"formulas stay":          {userfile.CSV, header + "=1+1,-b,@c\n", []string{`2: email="=1+1" first="-b" last="@c"`}},
		"too few and many":       {userfile.CSV, header + "a\na,b,c,d\n", []string{"2: ! INVALID", "3: ! INVALID"}},
		"cells of no use":        {userfile.CSV, "email,first_name,last_name,is_active,version\na,b,c,yes,one\n", []string{`2: email="a" first="b" last="c" !is_active INVALID !version INVALID`}},
		"quotes where none are":  {userfile.CSV, header + "a,b \"c\",d\na,b,c\n", []string{"2: ! INVALID", `3: email="a" first="b" last="c"`}},
		"an open quote":          {userfile.CSV, header + "a,\"b,c\nd,e,f", []string{"2: ! INVALID", `3: email="d" first="e" last="f"`}},
		"a quote in the middle":  {userfile.CSV, header + "a,b 6\" c,d\na,b,c\n", []string{"2: ! INVALID", `3: email="a" first="b" last="c"`}},
		"as spreadsheets do":     {userfile.CSV, "email,first_name,last_name,is_active\na,b,c,TRUE\n", []string{`2: email="a" first="b" last="c" active=true`}},
		"a long row":             {userfile.CSV, header + long + "x\na,b,c\n", []string{"2: ! TOO_LONG", `3: email="a" first="b" last="c"`}},
		"a long row after quote": {userfile.CSV, header + "\"\n" + long + "x\na,b,c\n", []string{"2: ! INVALID", "3: ! TOO_LONG", `4: email="a" first="b" last="c"`}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			rows := read(t, c.format, c.text)
			for _, row := range rows {
				got = append(got, said(row))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(rows); n > 0 && rows[n-1].Bytes != int64(len(c.text)) {
				t.Errorf("%d bytes were read, want %d", rows[n-1].Bytes, len(c.text))
			}
		})
	}
}

func TestAReportOfARowIsBounded(t *testing.T) {
	var line strings.Builder
	line.WriteString("{")
	for i := range 1000 {
		fmt.Fprintf(&line, `"a%d":1,`, i)
	}
	line.WriteString(`"b":1}`)
	if n := len(read(t, userfile.NDJSON, line.String())[0].Input.Mistakes); n != 20 {
		t.Errorf("there are %d mistakes", n)
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"none":           {"", "is empty"},
		"blank":          {"\n\n", "is empty"},
		"JSON":           {`{"email": "a"}`, "CSV header"},
		"an open quote":  {"email,\"", "CSV header"},
		"too long":       {strings.Repeat("x", userfile.MaxRow+1), "CSV header"},
		"unknown column": {"email,first_name,last_name,nick", `no column "nick"`},
		"another case":   {"Email,first_name,last_name", `no column "Email"`},
		"hidden":         {"email,first_name,last_name,<b>", `no column ""`},
		"twice":          {"email,first_name,last_name,email", "email is there twice"},
		"missing":        {"email,last_name", "first_name is missing"},
		"UTF-16":         {"\xff\xfee\x00m\x00", "no column"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := userfile.NewReader(strings.NewReader(c.text), userfile.CSV)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v, want one that says %q", err, c.says)
			}
		})
	}
}

var errDisk = errors.New("the disk is gone")

func TestFilesThatCannotBeRead(t *testing.T) {
	if _, err := userfile.NewReader(iotest.ErrReader(errDisk), userfile.CSV); !errors.Is(err, errDisk) {
		t.Errorf("CSV: %v", err)
	}
	for f, text := range map[userfile.Format]string{userfile.NDJSON: "", userfile.CSV: "email,first_name,last_name\n"} {
		r, err := userfile.NewReader(io.MultiReader(strings.NewReader(text), iotest.ErrReader(errDisk)), f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Read(); !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

func someRecords() []service.Record {
	at := time.Date(2026, 1, 31, 12, 0, 0, 123456000, time.UTC)
	records := []service.Record{
		{User: service.User{Email: "ada@example.com", FirstName: "Ada", LastName: `O'Neil, "Jr" =1+1`, IsActive: true, Version: 3, CreatedAt: at, UpdatedAt: at.Add(time.Hour), EmailVerifiedAt: at.Add(time.Minute)}, PasswordHash: "$2b$10$x"},
		{User: service.User{Email: "李@example.com", FirstName: " 李", LastName: `\.`, Version: 1, CreatedAt: at.Truncate(time.Second), UpdatedAt: at}},
	}
	for i := range records {
		records[i].User.ID = uuid.UUID{15: byte(i + 1)}
	}
	return records
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	for _, f := range []userfile.Format{userfile.NDJSON, userfile.CSV} {
		for _, hashes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, hashes %v", f, hashes), func(t *testing.T) {
				var out bytes.Buffer
				w, err := userfile.NewWriter(&out, f, hashes)
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for _, r := range someRecords() {
					if err := w.Write(r); err != nil {
						t.Fatal(err)
					}
					text := fmt.Sprintf("id=%q email=%q first=%q last=%q", r.User.ID, r.User.Email, r.User.FirstName, r.User.LastName)
					if hashes && r.PasswordHash != "" {
						text += fmt.Sprintf(" hash=%q", r.PasswordHash)
					}
					const layout = "2006-01-02T15:04:05.000000Z"
					text += fmt.Sprintf(" created=%q updated=%q", r.User.CreatedAt.Format(layout), r.User.UpdatedAt.Format(layout))
					if at := r.User.VerifiedAt(); at != nil {
						text += fmt.Sprintf(" verified=%q", at.Format(layout))
					}
					want = append(want, text+fmt.Sprintf(" active=%v version=%d", r.User.IsActive, r.User.Version))
				}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, row := range read(t, f, out.String()) {
					_, text, _ := strings.Cut(said(row), ": ")
					got = append(got, text)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s\n%s", diff, out.String())
				}
			})
		}
	}
}

// brokenWriter takes so many bytes and no more.
type brokenWriter int

func (w *brokenWriter) Write(p []byte) (int, error) {
	if *w -= brokenWriter(len(p)); *w < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

func TestFilesThatCannotBeWritten(t *testing.T) {
	for _, f := range []userfile.Format{userfile.NDJSON, userfile.CSV} {
		out := brokenWriter(100)
		w, err := userfile.NewWriter(&out, f, true)
		for i := 0; err == nil && i < 1000; i++ {
			err = w.Write(someRecords()[0])
		}
		if !errors.Is(err, errDisk) || !errors.Is(w.Flush(), errDisk) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// endless is a file of this row over and over, of 4 MiB.
func endless(row string) io.Reader {
	part := strings.Repeat(row, 1<<10) // shared, so that the file itself takes no memory
	again := make([]io.Reader, 4<<20/len(row)>>10)
	for i := range again {
		again[i] = strings.NewReader(part)
	}
	return io.MultiReader(again...)
}

// However long a file, or whatever in it has no end, the memory stays small.
func TestLongFilesAreReadInBoundedMemory(t *testing.T) {
	for name, c := range map[string]struct {
		format  userfile.Format
		header  string
		row     string
		atLeast int
	}{
		"many rows":         {userfile.NDJSON, "", `{"email":"ada@example.com","first_name":"Ada","last_name":"Lovelace"}` + "\n", 25_000},
		"one line":          {userfile.NDJSON, "", strings.Repeat("x", 64), 1},
		"many rows of CSV":  {userfile.CSV, "email,first_name,last_name\n", "ada@example.com,Ada,Lovelace\n", 25_000},
		"quotes in each":    {userfile.CSV, "email,first_name,last_name\n", "a,\"\n" + strings.Repeat("x", 60) + "\n", 10},
		"one line in quote": {userfile.CSV, "email,first_name,last_name\n\"", strings.Repeat("x", 64), 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := userfile.NewReader(io.MultiReader(strings.NewReader(c.header), endless(c.row)), c.format)
			if err != nil {
				t.Fatal(err)
			}
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			n, most := 0, uint64(0)
			for ; ; n++ {
				if _, err := r.Read(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if n%10_000 == 0 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					most = max(most, now.HeapAlloc)
				}
			}
			if most > before.HeapAlloc+1<<20 || n < c.atLeast {
				t.Errorf("%d rows take %d bytes", n, most-before.HeapAlloc)
			}
		})
	}
}

// Whatever a file holds, each row is reported once, in order, and its mistakes
// have a code and a sentence.
func FuzzRead(f *testing.F) {
	f.Add("email,first_name,last_name\na,\"b\"\"\n\",c\n", true)
	f.Add(`{"email":"a","version":1}`+"\n{}", false)
	f.Fuzz(func(t *testing.T, text string, asCSV bool) {
		format := userfile.NDJSON
		if asCSV {
			format = userfile.CSV
		}
		r, err := userfile.NewReader(strings.NewReader(text), format)
		if err != nil {
			return
		}
		last := 0
		for {
			row, err := r.Read()
			if err == io.EOF {
				return
			}
			if err != nil || row.Line <= last || row.Bytes > int64(len(text)) {
				t.Fatalf("line %d after %d, %d of %d bytes, %v", row.Line, last, row.Bytes, len(text), err)
			}
			last = row.Line
			for _, m := range row.Input.Mistakes {
				if m.Code == "" || !strings.HasSuffix(m.Message, ".") {
					t.Errorf("a mistake is %+v", m)
				}
			}
		}
	})
}
