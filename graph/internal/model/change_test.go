package model

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

func TestChangeIsTheLogsEntry(t *testing.T) {
	want := service.Change{
		Seq: 7, At: time.Unix(1, 0).UTC(), Kind: service.ChangeEmail, UserID: uuid.UUID{1}, Version: 3,
		Fields: []service.FieldChange{{Field: service.FieldEmail}},
		Origin: service.Origin{Actor: "tester", RequestID: "r1"},
	}
	c := &Change{Change: want, Cursor: "c7"}
	got := service.Change{
		Seq: 7, At: c.At(), Kind: c.Kind(), UserID: c.UserID(), Version: c.Version(), Fields: c.Fields(),
		Origin: service.Origin{Actor: c.Actor(), RequestID: c.RequestID()},
	}
	if got.At != want.At || got.Kind != want.Kind || got.UserID != want.UserID || got.Version != want.Version ||
		len(got.Fields) != 1 || got.Fields[0] != want.Fields[0] || got.Origin != want.Origin {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if c.Node() != c {
		t.Error("an edge's node is another change")
	}
}

func TestChangeConnection(t *testing.T) {
	empty := NewChangeConnection(&service.ChangePage{EndCursor: "c9"}, true)
	if info := empty.PageInfo(); len(empty.Nodes()) != 0 || info.StartCursor != nil || *info.EndCursor != "c9" || info.HasNextPage || !info.HasPreviousPage {
		t.Errorf("an empty page is %+v", info)
	}
	items := []service.ChangeItem{{Cursor: "c1"}, {Cursor: "c2"}}
	page := NewChangeConnection(&service.ChangePage{Items: items, HasNext: true, EndCursor: "c2"}, false)
	if info := page.PageInfo(); *info.StartCursor != "c1" || *info.EndCursor != "c2" || !info.HasNextPage || info.HasPreviousPage {
		t.Errorf("a page is %+v", info)
	}
	for i, edge := range page.Edges() {
		if edge.Cursor != items[i].Cursor || page.Nodes()[i].Cursor != items[i].Cursor {
			t.Errorf("item %d is %s", i, edge.Cursor)
		}
	}
}

func TestNameOf(t *testing.T) {
	for field, want := range map[service.Field]string{service.FieldFirstName: "firstName", "unlisted": "unlisted"} {
		if got := NameOf(field); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
}
