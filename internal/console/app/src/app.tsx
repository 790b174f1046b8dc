import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { access, signOut } from './access';
import type { FeedState } from './api/feed';
import { ImportView } from './import/view';
import { MadeKey } from './keys/made';
import { KeysView } from './keys/view';
import { feedState, following } from './live';
import { Link, place, root } from './router';
import { SignIn } from './signin';
import { useStore } from './store';
import { Icon } from './ui/icon';
import { Logo } from './ui/logo';
import { Notice } from './ui/notice';
import { UsersView } from './users/view';

const views: { path: string; label: string; icon: 'users' | 'upload' | 'key'; View: ComponentType }[] = [
  { path: root, label: 'Users', icon: 'users', View: UsersView },
  { path: `${root}/import`, label: 'Import', icon: 'upload', View: ImportView },
  { path: `${root}/keys`, label: 'API keys', icon: 'key', View: KeysView },
];

/** The whole console. */
export function App() {
  const { pathname } = useStore(place);
  const now = useStore(access);
  const view = views.find((one) => pathname.replace(/\/$/, '') === one.path) ?? views[0]!;
  useLayoutEffect(() => {
    document.title = `${now.state === 'out' ? 'Sign in' : view.label} – userd`;
  }, [view, now.state]);
  // The first thing that is asked finds out, on every view, whether a key is needed.
  const isOut = now.state === 'out';
  const key = now.state === 'in' ? now.key : null;
  useEffect(() => {
    if (!isOut) void following();
  }, [isOut, key]);
  if (now.state === 'out') return <SignIn why={now.why} />;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="bar">
        <a class="home" href="/" aria-label="userd, start page">
          <Logo />
          <span>userd</span>
        </a>
        <nav aria-label="Console">
          {views.map((one) => (
            <Link key={one.path} href={one.path} aria-current={one === view ? 'page' : undefined}>
              <Icon name={one.icon} />
              {one.label}
            </Link>
          ))}
        </nav>
        <Liveness />
        {key !== null && (
          <button type="button" class="plain" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      {/* What was read with another key, or none, is read anew. */}
      <view.View key={key} />
      <MadeKey />
      <Notice />
    </>
  );
}

// The address is the console's own, so that the target has to be found by hand.
function skip(event: Event): void {
  event.preventDefault();
  const main = document.getElementById('main');
  main?.setAttribute('tabindex', '-1');
  main?.focus();
}

const livenesses: Record<Exclude<FeedState, 'off'>, { label: string; title: string }> = {
  connecting: { label: 'Connecting', title: 'Changes will be shown as they happen.' },
  live: { label: 'Live', title: 'Changes are shown as they happen.' },
  away: { label: 'Offline', title: 'The connection is lost; it is tried again. Nothing is missed.' },
  denied: { label: 'Not live', title: 'This key may not follow changes, which takes the scope changes:read.' },
};

/** Tells whether changes are followed. Every label has its place all the time, so that none moves when another one holds. */
function Liveness() {
  const state = useStore(feedState);
  return (
    <p class="liveness" role="status">
      {Object.entries(livenesses).map(([one, { label, title }]) => (
        <span key={one} class={one} title={title} hidden={one !== state}>
          {label}
        </span>
      ))}
    </p>
  );
}
