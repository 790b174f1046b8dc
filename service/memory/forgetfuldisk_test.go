package memory_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// forgetfulDisk is a file system of one directory that keeps apart what has
// been written and what would be there after a power cut: contents that were
// fsynced, under names that were fsynced with the directory. It can also be
// full or broken.
//
// It is stricter than real file systems: an fsync of a file makes no name
// durable, and nothing unsynced ever becomes durable by itself. What a cut
// keeps all the same is the [image]'s choice.
type forgetfulDisk struct {
	fs.Inode

	mu           sync.Mutex
	names        map[string]*diskFile // guarded by mu
	durableNames map[string]*diskFile // guarded by mu; as of the last fsync of the directory
	capacity     int64                // guarded by mu; bytes of all files; 0: no end
	writeError   syscall.Errno        // guarded by mu; what writes meet
	syncError    syscall.Errno        // guarded by mu; what fsyncs meet
	// pretends tells whose fsyncs the disk says to have done and does not do.
	pretends func(name string) bool
}

// diskFile is a file on a forgetfulDisk, whose mu guards it.
type diskFile struct {
	fs.Inode
	disk    *forgetfulDisk
	name    string
	content []byte
	durable []byte
	dirty   map[int]bool // the sectors in which content and durable may differ
}

// sector is what a disk writes as a whole, in bytes.
const sector = 512

var (
	_ fs.NodeLookuper  = (*forgetfulDisk)(nil)
	_ fs.NodeCreater   = (*forgetfulDisk)(nil)
	_ fs.NodeUnlinker  = (*forgetfulDisk)(nil)
	_ fs.NodeFsyncer   = (*forgetfulDisk)(nil)
	_ fs.NodeStatfser  = (*forgetfulDisk)(nil)
	_ fs.NodeOpener    = (*diskFile)(nil)
	_ fs.NodeReader    = (*diskFile)(nil)
	_ fs.NodeWriter    = (*diskFile)(nil)
	_ fs.NodeGetattrer = (*diskFile)(nil)
	_ fs.NodeSetattrer = (*diskFile)(nil)
	_ fs.NodeFsyncer   = (*diskFile)(nil)
)

// newDisk is a disk with these files on it, all of them durable.
func newDisk(files map[string][]byte) *forgetfulDisk {
	d := &forgetfulDisk{
		names: make(map[string]*diskFile), durableNames: make(map[string]*diskFile),
		pretends: func(string) bool { return false },
	}
	for name, content := range files {
		f := d.newFile(name)
		f.content, f.durable = append([]byte(nil), content...), append([]byte(nil), content...)
		d.names[name], d.durableNames[name] = f, f
	}
	return d
}

func (d *forgetfulDisk) newFile(name string) *diskFile {
	return &diskFile{disk: d, name: name, dirty: make(map[int]bool)}
}

// mount makes the disk appear in a new directory until the test ends, and
// returns that. It needs FUSE; only where nobody relies on this test may it be
// left out.
func mount(t testing.TB, d *forgetfulDisk) string {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil || os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("CI must run this test, and it needs root and /dev/fuse")
		}
		t.Skip("NOT TESTED: what a power cut or a broken disk does; that needs root and /dev/fuse")
	}
	dir := t.TempDir()
	server, err := fs.Mount(dir, d, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "forgetful", Name: "forgetful"},
	})
	if err != nil {
		t.Fatalf("mount: %v", err)
	}
	keepFromChildren(t)
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Errorf("unmount: %v", err)
		}
		server.Wait()
	})
	return dir
}

// keepFromChildren keeps processes started by this one from inheriting the
// connection to the kernel: with a copy of it in a process that waits for the
// disk, the end of this process would not be the end of the disk.
func keepFromChildren(t testing.TB) {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && to == "/dev/fuse" {
			fd, err := strconv.Atoi(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			syscall.CloseOnExec(fd)
		}
	}
}

// breakWith makes writes and fsyncs fail with these errors; 0 means they work.
func (d *forgetfulDisk) breakWith(write, sync syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writeError, d.syncError = write, sync
}

// limit makes the disk full at capacity bytes; 0 means never.
func (d *forgetfulDisk) limit(capacity int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = capacity
}

// used is how many bytes the files have. The caller holds mu.
func (d *forgetfulDisk) used() (n int64) {
	for _, f := range d.names {
		n += int64(len(f.content))
	}
	return n
}

// survivors decides what of the unsynced writes a power cut leaves.
type survivors struct {
	name string
	// unit is the size in bytes in which writes survive or not; 0: none does.
	unit int
}

// image is what is on the disk after a power cut at this moment.
func (d *forgetfulDisk) image(s survivors, random *rand.Rand) map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := maps.Clone(d.durableNames)
	if s.unit > 0 {
		for _, name := range append(keys(d.names), keys(d.durableNames)...) {
			if random.IntN(2) == 0 {
				continue
			}
			if f, ok := d.names[name]; ok {
				names[name] = f
			} else {
				delete(names, name)
			}
		}
	}
	files := make(map[string][]byte)
	for name, f := range names {
		files[name] = f.after(s, random)
	}
	return files
}

// after is what the file has in it after a power cut. The caller holds mu.
func (f *diskFile) after(s survivors, random *rand.Rand) []byte {
	left := append([]byte(nil), f.durable...)
	if s.unit == 0 {
		return left
	}
	if random.IntN(2) == 0 { // the size is written apart from the contents
		left = resized(left, len(f.content))
	}
	survives := make(map[int]bool)
	for n := range f.dirty {
		unit := n * sector / s.unit
		if _, decided := survives[unit]; !decided {
			survives[unit] = random.IntN(2) == 0
		}
		if from := n * sector; survives[unit] && from < min(len(left), len(f.content)) {
			copy(left[from:min(len(left), from+sector)], f.content[from:])
		}
	}
	return left
}

// content is what is on the disk as long as there is power.
func (d *forgetfulDisk) content() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	files := make(map[string][]byte)
	for name, f := range d.names {
		files[name] = append([]byte(nil), f.content...)
	}
	return files
}

// saved writes files into a new directory.
func saved(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if strings.HasSuffix(name, "-shm") {
			continue // memory that processes share; SQLite makes it anew
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func keys[V any](m map[string]V) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

func resized(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

// Lookup implements [fs.NodeLookuper].
func (d *forgetfulDisk) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.names[name]
	if !ok {
		return nil, syscall.ENOENT
	}
	f.attr(&out.Attr)
	return d.inode(ctx, f), 0
}

func (d *forgetfulDisk) inode(ctx context.Context, f *diskFile) *fs.Inode {
	return d.NewInode(ctx, f, fs.StableAttr{Mode: fuse.S_IFREG})
}

// Create implements [fs.NodeCreater].
func (d *forgetfulDisk) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.names[name]
	if !ok {
		f = d.newFile(name)
		d.names[name] = f
	}
	f.attr(&out.Attr)
	return d.inode(ctx, f), nil, fuse.FOPEN_KEEP_CACHE, 0
}

// Unlink implements [fs.NodeUnlinker].
func (d *forgetfulDisk) Unlink(_ context.Context, name string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.names[name]; !ok {
		return syscall.ENOENT
	}
	delete(d.names, name)
	return 0
}

// Fsync implements [fs.NodeFsyncer] for the directory.
func (d *forgetfulDisk) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.syncError == 0 && !d.pretends("") {
		d.durableNames = maps.Clone(d.names)
	}
	return d.syncError
}

// Statfs implements [fs.NodeStatfser].
func (d *forgetfulDisk) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.NameLen = 4096, 255
	return 0
}

// Open implements [fs.NodeOpener]. The kernel's cache stays: without it files
// could not be mapped into memory.
func (f *diskFile) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

// Read implements [fs.NodeReader].
func (f *diskFile) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if off >= int64(len(f.content)) {
		return fuse.ReadResultData(nil), 0
	}
	return fuse.ReadResultData(dest[:copy(dest, f.content[off:])]), 0
}

// Write implements [fs.NodeWriter].
func (f *diskFile) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	end := int(off) + len(data)
	growth := int64(max(0, end-len(f.content)))
	switch shared := strings.HasSuffix(f.name, "-shm"); { // memory that processes share, and no disk's matter
	case d.writeError != 0 && !shared:
		return 0, d.writeError
	case d.capacity > 0 && growth > 0 && d.used()+growth > d.capacity && !shared:
		return 0, syscall.ENOSPC
	}
	if growth > 0 {
		f.content = resized(f.content, end)
	}
	copy(f.content[off:], data)
	for n := int(off) / sector; n*sector < end; n++ {
		f.dirty[n] = true
	}
	return uint32(len(data)), 0
}

// Getattr implements [fs.NodeGetattrer].
func (f *diskFile) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.attr(&out.Attr)
	return 0
}

// attr fills in out. The caller holds mu.
func (f *diskFile) attr(out *fuse.Attr) {
	out.Mode, out.Size = fuse.S_IFREG|0o600, uint64(len(f.content))
}

// Setattr implements [fs.NodeSetattrer].
func (f *diskFile) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if size, ok := in.GetSize(); ok {
		for n := min(int(size), len(f.content)) / sector; n*sector < max(int(size), len(f.content)); n++ {
			f.dirty[n] = true
		}
		f.content = resized(f.content, int(size))
	}
	f.attr(&out.Attr)
	return 0
}

// Fsync implements [fs.NodeFsyncer] for the file.
func (f *diskFile) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pretends(f.name) {
		return 0
	}
	// Where Linux cannot write a page it forgets that it should: a later fsync
	// succeeds without it.
	f.durable = resized(f.durable, len(f.content))
	for n := range f.dirty {
		if from := n * sector; from < len(f.content) && (d.syncError == 0 || rand.IntN(2) == 0) {
			copy(f.durable[from:min(len(f.durable), from+sector)], f.content[from:])
		}
	}
	clear(f.dirty)
	return d.syncError
}
