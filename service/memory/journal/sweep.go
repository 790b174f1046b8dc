package journal

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
)

// maxSwept is how many pages a file may have to be swept, 128 GiB of them: from
// then on the number that a page of another kind begins with can look like the
// type of a b-tree page.
const maxSwept = 1 << 25

// Sweep clears the unused parts of up to n pages of the file, from page on, and
// returns the page to go on with, or 0 after the last. When SQLite splits a page
// or merges two, it leaves copies of their former rows there, which PRAGMA
// secure_delete does not see to. Like Commit it is for one goroutine, and in one
// transaction; one that finds nothing to clear writes nothing.
func (j *Journal) Sweep(page, n int) (next int, err error) {
	err = j.writer.transaction(func() (err error) {
		next, err = j.writer.sweep(page, n)
		return err
	})
	if err != nil {
		_ = j.Fence() // as in Commit
		return 0, err
	}
	return next, nil
}

func (w *writer) sweep(page, n int) (next int, err error) {
	var pages int
	if err := w.number(context.Background(), "PRAGMA page_count", &pages); err != nil || pages >= maxSwept {
		return 0, err
	}
	last := min(page+n-1, pages)
	for ; page <= last; page++ {
		if err := w.clearPage(int64(page)); err != nil {
			return 0, err
		}
	}
	if last == pages {
		return 0, nil
	}
	return page, nil
}

func (w *writer) clearPage(number int64) error {
	var page []byte
	if err := w.getPage.query(func(values []driver.Value) error {
		page, _ = values[0].([]byte)
		return nil
	}, number); err != nil {
		return err
	}
	if !clearUnused(page, number == 1) {
		return nil
	}
	return w.putPage.exec(page, number)
}

// clearUnused clears what a b-tree page has between the pointers to its cells
// and the cells, and tells whether there was anything. Other pages are left as
// they are. The first page begins with the file's header. See
// https://www.sqlite.org/fileformat2.html#b_tree_pages.
func clearUnused(page []byte, first bool) bool {
	header := page
	if first {
		header = page[min(100, len(page)):]
	}
	if len(header) < 12 {
		return false
	}
	var pointers int
	switch header[0] {
	case 2, 5: // interior pages
		pointers = 12
	case 10, 13: // leaves
		pointers = 8
	default:
		return false
	}
	cells := int(binary.BigEndian.Uint16(header[3:]))
	from := len(page) - len(header) + pointers + 2*cells
	to := int(binary.BigEndian.Uint16(header[5:]))
	if to == 0 {
		to = 1 << 16
	}
	if from > to || to > len(page) {
		return false
	}
	unused := page[from:to]
	for _, b := range unused {
		if b != 0 {
			clear(unused)
			return true
		}
	}
	return false
}
