package service

import (
	"context"
	"sync"
	"time"
)

const (
	// KeyUseInterval is the least time between two uses of a key that are noted.
	KeyUseInterval = time.Minute
	// touchPause is how long no use is noted after that has failed.
	touchPause = 10 * time.Second
)

// keyring recognises the keys of the store, of which there are few. A key that
// is revoked through another copy of the service opens nothing after a second.
type keyring struct {
	store Store
	now   func() time.Time
	keys  *lately[[]Key] // revoked ones among them

	touching sync.Mutex // held while a use is noted
	failed   time.Time  // guarded by touching; when that failed
}

func newKeyring(store Store, now func() time.Time) *keyring {
	return &keyring{store: store, now: now, keys: newLately(func(ctx context.Context) ([]Key, error) { return store.Keys(ctx) })}
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
	keys, err := r.keys.get(ctx)
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
		r.keys.forget()
	}()
}
