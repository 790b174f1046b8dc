package exec

import (
	"slices"
	"testing"
)

// TestQueryFieldsAreAllThatAnswerWithUsers: a field of Query that is new, and
// answered with users or pages of them, is asked for alone, too.
func TestQueryFieldsAreAllThatAnswerWithUsers(t *testing.T) {
	known := len(queryFields)
	for _, f := range NewExecutableSchema(Config{}).Schema().Query.Fields {
		_, ok := queryFields[f.Name]
		if want := slices.Contains([]string{"User", "UserConnection", "Node", "_Entity"}, f.Type.Name()); ok != want {
			t.Errorf("%s: %v, want %v", f.Name, ok, want)
		}
		if ok {
			known--
		}
	}
	if known != 0 {
		t.Errorf("%d fields are not in the schema", known)
	}
}
