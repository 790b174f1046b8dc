package model

import "testing"

func TestUnmarshalRepresentation(t *testing.T) {
	want := Representation{Typename: "User", ID: "x"}
	got, err := UnmarshalRepresentation(map[string]any{"__typename": "User", "id": "x", "email": 5})
	if got != want || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	got, err = UnmarshalRepresentation(map[string]any{"__typename": nil, "id": 5})
	if got != (Representation{}) || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	for _, v := range []any{nil, "User", 5, true, []any{}} {
		if got, err := UnmarshalRepresentation(v); err == nil {
			t.Errorf("%v is read as %v", v, got)
		}
	}
}

func TestRepresentationsAreNotForAnswers(t *testing.T) {
	if got := written(MarshalRepresentation(Representation{Typename: "User"})); got != "null" {
		t.Errorf("got %s", got)
	}
}
