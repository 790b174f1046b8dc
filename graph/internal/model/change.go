package model

import (
	"time"

	"github.com/google/uuid"

	"github.com/userd/userd/service"
)

// Change is an entry of the change log with its cursor, and as an edge the
// place of one: service.ChangeItem, as the schema's types Change and
// ChangeEdge have it.
type Change service.ChangeItem

// Node is the change itself.
func (c *Change) Node() *Change { return c }

// At is when it happened.
func (c *Change) At() time.Time { return c.Change.At }

// Kind tells what happened.
func (c *Change) Kind() service.ChangeKind { return c.Change.Kind }

// UserID is the user it happened to.
func (c *Change) UserID() uuid.UUID { return c.Change.UserID }

// Version is the user's version after it.
func (c *Change) Version() int32 { return c.Change.Version }

// Fields are the fields that changed.
func (c *Change) Fields() []service.FieldChange { return c.Change.Fields }

// Actor is who asked for it.
func (c *Change) Actor() string { return c.Change.Origin.Actor }

// RequestID is the request that asked for it.
func (c *Change) RequestID() string { return c.Change.Origin.RequestID }

// ChangeConnection is one page of the change log.
type ChangeConnection struct {
	page        *service.ChangePage
	hasPrevious bool
}

// NewChangeConnection returns page as a connection; hasPrevious tells whether
// something was left out before it.
func NewChangeConnection(page *service.ChangePage, hasPrevious bool) *ChangeConnection {
	return &ChangeConnection{page, hasPrevious}
}

// Nodes are the page's changes.
func (c *ChangeConnection) Nodes() []*Change {
	nodes := make([]*Change, len(c.page.Items))
	for i := range c.page.Items {
		nodes[i] = (*Change)(&c.page.Items[i])
	}
	return nodes
}

// Edges are the page's changes with their cursors.
func (c *ChangeConnection) Edges() []*Change { return c.Nodes() }

// PageInfo tells where the page lies.
func (c *ChangeConnection) PageInfo() PageInfo {
	info := PageInfo{HasNextPage: c.page.HasNext, HasPreviousPage: c.hasPrevious, EndCursor: &c.page.EndCursor}
	if len(c.page.Items) > 0 {
		info.StartCursor = &c.page.Items[0].Cursor
	}
	return info
}
