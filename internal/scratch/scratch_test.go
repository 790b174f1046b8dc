package scratch

import "testing"

// TestPut: whatever was put, what is got is empty and has room.
func TestPut(t *testing.T) {
	for _, size := range []int{0, least - 1, least, most, most + 1} {
		Put(make([]byte, size))
		for range 2 {
			if got := Get(); len(got) != 0 || cap(got) < least || cap(got) > most {
				t.Errorf("after one of %d bytes: %d of %d", size, len(got), cap(got))
			}
		}
	}
}
