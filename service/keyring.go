package service

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// keysFor is how long the keys that were read are gone by: a key that is
	// revoked through another copy of the service opens nothing after that.
	keysFor = time.Second
	// KeyUseInterval is the least time between two uses of a key that are noted.
	KeyUseInterval = time.Minute
	// touchPause is how long no use is noted after that has failed.
	touchPause = 10 * time.Second
)

// keyring recognises the keys of the store. It reads all of them, of which there
// are few, at most once a second, and not at all while nobody calls.
type keyring struct {
	store Store
	now   func() time.Time
	read  atomic.Pointer[keySet]
	turn  chan struct{} // holds one while the keys are read or forgotten

	touching sync.Mutex // held while a use is noted
	failed   time.Time  // guarded by touching; when that failed
}

// keySet are the keys as they were at a time.
type keySet struct {
	keys []Key
	at   time.Time
}

func newKeyring(store Store, now func() time.Time) *keyring {
	return &keyring{store: store, now: now, turn: make(chan struct{}, 1)}
}

// all returns the keys, revoked ones among them.
func (r *keyring) all(ctx context.Context) ([]Key, error) {
	if set := r.read.Load(); set.isFresh() {
		return set.keys, nil
	}
	asked := time.Now()
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-r.turn }()
	if set := r.read.Load(); set != nil && !set.at.Before(asked) {
		return set.keys, nil // somebody else has begun to read them since, however long it took
	}
	set := &keySet{at: time.Now()} // before they are read: they may change meanwhile
	var err error
	if set.keys, err = r.store.Keys(ctx); err != nil {
		return nil, err
	}
	r.read.Store(set)
	return set.keys, nil
}

func (s *keySet) isFresh() bool { return s != nil && time.Since(s.at) < keysFor }

// forget has the keys read anew. It waits for a reading that is under way, which
// may have missed what the caller has changed.
func (r *keyring) forget() {
	r.turn <- struct{}{}
	r.read.Store(nil)
	<-r.turn
}

// authenticate is an [Authenticator].
func (r *keyring) authenticate(ctx context.Context, token string) (Actor, error) {
	hash := HashKey(token)
	k, err := r.find(ctx, hash)
	if err != nil {
		return Actor{}, err
	}
	return KeyActor(k.Name, k.Scopes).While(func(ctx context.Context) error {
		_, err := r.find(ctx, hash)
		return err
	}), nil
}

// find returns the key with this hash unless it is revoked, and notes its use.
// It looks at all keys, whichever it is.
func (r *keyring) find(ctx context.Context, hash KeyHash) (found Key, err error) {
	keys, err := r.all(ctx)
	if err != nil {
		return Key{}, err
	}
	err = &UnauthenticatedError{Invalid: true}
	for _, k := range keys {
		if k.Hash.Equal(hash) && k.RevokedAt.IsZero() {
			found, err = k, nil
		}
	}
	if err == nil {
		r.touch(ctx, found)
	}
	return found, err
}

// touch notes that k is used, unless that was noted of late. Callers do not wait
// for it: a disk or database that hangs must not keep them from reading. One use
// is noted at a time, and none for a while after that has failed.
func (r *keyring) touch(ctx context.Context, k Key) {
	now := r.now().UTC().Truncate(time.Microsecond)
	if now.Sub(k.LastUsedAt) < KeyUseInterval || !r.touching.TryLock() {
		return
	}
	if time.Since(r.failed) < touchPause {
		r.touching.Unlock()
		return
	}
	go func() {
		defer r.touching.Unlock()
		if err := r.store.TouchKey(context.WithoutCancel(ctx), k.Hash, now); err != nil {
			r.failed = time.Now()
			return
		}
		r.forget()
	}()
}
