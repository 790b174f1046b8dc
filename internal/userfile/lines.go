package userfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lineReader reads a file line by line.
type lineReader struct {
	r     *bufio.Reader
	line  int   // how many have been read
	bytes int64 // how many have been read
}

func newLineReader(r io.Reader) *lineReader {
	l := &lineReader{r: bufio.NewReaderSize(r, MaxRow+2)} // with its line break
	if mark, _ := l.r.Peek(3); string(mark) == "\ufeff" {
		n, _ := l.r.Discard(3)
		l.bytes = int64(n)
	}
	return l
}

// next returns the next line without its line break, which is good until the
// line after it is read, and whether all of it is there.
func (l *lineReader) next() (line []byte, whole bool, err error) {
	line, err = l.r.ReadSlice('\n')
	l.bytes += int64(len(line))
	whole = true
	for errors.Is(err, bufio.ErrBufferFull) {
		whole = false
		var rest []byte
		rest, err = l.r.ReadSlice('\n')
		l.bytes += int64(len(rest))
	}
	if err == io.EOF && (len(line) > 0 || !whole) {
		err = nil
	}
	if err != nil {
		return nil, false, err
	}
	l.line++
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	return line, whole && len(line) <= MaxRow, nil
}
