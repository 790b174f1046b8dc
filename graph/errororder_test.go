package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Fields are resolved at once, and the first to fail is another one each time.
func TestErrorsStandInTheOrderOfTheDocument(t *testing.T) {
	f := newFixture(t)
	var fields []string
	for i := range 9 {
		fields = append(fields, fmt.Sprintf("f%d: user(id: %q) { id }", 9-i, id(i)))
	}
	query := "{ " + strings.Join(fields, "\n") + " }"
	want := []string{"f9", "f8", "f7", "f6", "f5", "f4", "f3", "f2", "f1"}
	for range 50 {
		var got []string
		for _, e := range f.post(query, nil).path(t, "errors").([]any) {
			got = append(got, e.(map[string]any)["path"].([]any)[0].(string))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("errors of %v, want %v", got, want)
		}
	}
}
