package model

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/userd/userd/service"
)

func TestUserConnection(t *testing.T) {
	page := &service.UserPage{HasNext: true, Items: []service.UserItem{
		{KeyedUser: service.KeyedUser{User: &service.User{FirstName: "Ada"}}}, {KeyedUser: service.KeyedUser{User: &service.User{FirstName: "Bob"}}},
	}}
	c := NewUserConnection(page, nil)
	if nodes := c.Nodes(); len(nodes) != 2 || nodes[0].FirstName != "Ada" || nodes[1].FirstName != "Bob" {
		t.Errorf("nodes %v", nodes)
	}
	if edges := c.Edges(); len(edges) != 2 || edges[1].User.FirstName != "Bob" {
		t.Errorf("edges %v", edges)
	}
	info := c.PageInfo()
	if !info.HasNextPage || info.HasPreviousPage || *info.StartCursor != page.Items[0].Cursor() || *info.EndCursor != page.Items[1].Cursor() {
		t.Errorf("page info %+v", info)
	}
	empty := NewUserConnection(&service.UserPage{HasPrevious: true}, nil)
	if info := empty.PageInfo(); info != (PageInfo{HasPreviousPage: true}) || len(empty.Nodes()) != 0 || len(empty.Edges()) != 0 {
		t.Errorf("empty page %+v", info)
	}
}

// TestTotalCount: GraphQL's Int ends at 2³¹−1.
func TestTotalCount(t *testing.T) {
	for n, want := range map[int]int32{0: 0, 5: 5, math.MaxInt32: math.MaxInt32, math.MaxInt32 + 1: math.MaxInt32} {
		c := NewUserConnection(&service.UserPage{}, func(context.Context) (int, error) { return n, nil })
		if got, err := c.TotalCount(t.Context()); got != want || err != nil {
			t.Errorf("%d is counted as %d, %v", n, got, err)
		}
	}
	away := errors.New("away")
	c := NewUserConnection(&service.UserPage{}, func(context.Context) (int, error) { return 0, away })
	if _, err := c.TotalCount(t.Context()); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
