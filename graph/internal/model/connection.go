package model

import (
	"context"
	"math"

	"github.com/userd/userd/service"
)

// Node is an object of the schema's interface Node.
type Node any

// UserConnection is one page of the list of users.
type UserConnection struct {
	page  *service.UserPage
	count func(context.Context) (int, error)
}

// NewUserConnection returns page as a connection; count counts the whole list.
func NewUserConnection(page *service.UserPage, count func(context.Context) (int, error)) *UserConnection {
	return &UserConnection{page, count}
}

// Nodes are the page's users.
func (c *UserConnection) Nodes() []*service.User {
	nodes := make([]*service.User, len(c.page.Items))
	for i := range c.page.Items {
		nodes[i] = c.page.Items[i].User
	}
	return nodes
}

// Edges are the page's users with their cursors.
func (c *UserConnection) Edges() []service.UserItem { return c.page.Items }

// PageInfo tells where the page lies.
func (c *UserConnection) PageInfo() PageInfo {
	info := PageInfo{HasNextPage: c.page.HasNext, HasPreviousPage: c.page.HasPrevious}
	if n := len(c.page.Items); n > 0 {
		first, last := c.page.Items[0].Cursor(), c.page.Items[n-1].Cursor()
		info.StartCursor, info.EndCursor = &first, &last
	}
	return info
}

// TotalCount counts the whole list, which only happens when it is asked for.
func (c *UserConnection) TotalCount(ctx context.Context) (int32, error) {
	n, err := c.count(ctx)
	return int32(min(n, math.MaxInt32)), err // #nosec G115 -- GraphQL's Int has 32 bits
}
