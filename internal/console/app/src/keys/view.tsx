import { useState } from 'preact/hooks';
import { currentKey } from '../access';
import { type Key, listKeys, revokeKey } from '../api/keys';
import { Confirm } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { useLoaded } from '../ui/load';
import { say } from '../ui/notice';
import { Time } from '../ui/time';
import { Trouble } from '../ui/trouble';
import { CreateKeyDialog } from './create';

/** The API keys that the service keeps. */
export function KeysView() {
  const keys = useLoaded('', listKeys);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const afterMade = () => {
    setCreating(false);
    keys.again();
  };
  return (
    <main id="main" class="keys">
      <div class="heading">
        <h1>API keys</h1>
        <p class="count" />
        {/* Which key is the first is known once there is a list. */}
        <button type="button" class="primary" disabled={!keys.value} onClick={() => setCreating(true)}>
          <Icon name="plus" />
          New key
        </button>
      </div>
      <div class="card">
        <div class="scroll" role="region" aria-label="List of API keys" aria-busy={keys.loading} tabIndex={0}>
          {keys.problem && !keys.loading ? (
            <Trouble message={keys.problem.message}>
              <button type="button" onClick={() => keys.again()}>
                Try again
              </button>
            </Trouble>
          ) : (
            keys.value && <KeyTable keys={keys.value} onRevoke={setRevoking} />
          )}
        </div>
      </div>
      {creating && <CreateKeyDialog isFirst={keys.value?.length === 0 && currentKey() === null} onMade={afterMade} onClose={() => setCreating(false)} />}
      {revoking && <RevokeDialog name={revoking.name} onDone={keys.again} onClose={() => setRevoking(null)} />}
    </main>
  );
}

function KeyTable({ keys, onRevoke }: { keys: Key[]; onRevoke(key: Key): void }) {
  if (keys.length === 0)
    return (
      <div class="nobody">
        <h2>The service has no keys of its own</h2>
        <p>The first key closes an open service: from then on everybody needs one. Give it the scope admin.</p>
      </div>
    );
  return (
    <table>
      <caption class="hidden">API keys</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Scopes</th>
          <th scope="col" class="wide">Created</th>
          <th scope="col" class="wide">Last used</th>
          <th scope="col" class="do">
            <span class="hidden">Action</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={`${key.name} ${key.created_at}`} class={key.revoked_at ? 'deleted' : undefined}>
            <th scope="row">{key.name}</th>
            <td class="scopes">
              {key.scopes.map((scope) => (
                <span key={scope} class={scope === 'admin' ? 'pill warn' : 'pill'}>
                  {scope}
                </span>
              ))}
            </td>
            <td class="wide">
              <Time at={key.created_at} />
            </td>
            <td class="wide">{key.last_used_at ? <Time at={key.last_used_at} precise /> : 'Never'}</td>
            <td class="do">
              {key.revoked_at ? (
                <span class="pill gone">Revoked</span>
              ) : (
                <button type="button" onClick={() => onRevoke(key)}>
                  Revoke<span class="hidden"> {key.name}</span>
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RevokeDialog({ name, onDone, onClose }: { name: string; onDone(): void; onClose(): void }) {
  const revoke = async () => {
    await revokeKey(name);
    onClose();
    onDone();
    say(`The key ${name} is revoked.`);
  };
  return (
    <Confirm title={`Revoke ${name}?`} action="Revoke key" onConfirm={revoke} onClose={onClose}>
      <p>
        Whatever uses <strong>{name}</strong> is turned away within a second. Nothing makes the key good again.
      </p>
    </Confirm>
  );
}
