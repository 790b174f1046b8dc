import { useState } from 'preact/hooks';
import { currentKey, signIn } from '../access';
import { createKey, type NewKey, scopes } from '../api/keys';
import { Dialog } from '../ui/dialog';
import { Field, Form } from '../ui/form';

interface CreateKeyProps {
  /** It is the first key, which closes the service. */
  isFirst: boolean;
  onMade(): void;
  onClose(): void;
}

/** Makes a key, and shows it this once. */
export function CreateKeyDialog({ isFirst, onMade, onClose }: CreateKeyProps) {
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>(isFirst ? ['admin'] : ['users:read']);
  const [made, setMade] = useState<{ key: NewKey; goesOn: boolean } | null>(null);
  if (made) return <MadeKey made={made.key} goesOn={made.goesOn} onClose={onClose} />;
  const toggle = (scope: string) =>
    setChosen((before) => (before.includes(scope) ? before.filter((one) => one !== scope) : [...before, scope]));
  const submit = async () => {
    const key = await createKey({ name, scopes: chosen });
    const goesOn = currentKey() === null; // the service was open
    setMade({ key, goesOn });
    if (goesOn) signIn(key.key); // before anything is asked without a key
    onMade();
  };
  return (
    <Dialog title="New API key" onClose={onClose}>
      <h2>New API key</h2>
      {isFirst && <p class="aside">This is the first key. It closes the service: from then on everybody needs a key, this console too.</p>}
      <Form submit={submit} action="Make key" onCancel={onClose}>
        {(error) => (
          <>
            <Field label="Name" name="name" value={name} onValue={setName} error={error('name')} hint="What will use it, such as billing." autofocus />
            <fieldset aria-describedby="scopes-note">
              <legend>Scopes</legend>
              {scopes.map((scope) => (
                <label key={scope.name} class="check">
                  <input
                    type="checkbox"
                    name="scopes"
                    checked={chosen.includes(scope.name)}
                    aria-invalid={error('scopes') !== undefined}
                    onChange={() => toggle(scope.name)}
                  />
                  <span>
                    <span class="mono">{scope.name}</span> <small>{scope.allows}</small>
                  </span>
                </label>
              ))}
              <p id="scopes-note" class="note wrong">
                {error('scopes')}
              </p>
            </fieldset>
          </>
        )}
      </Form>
    </Dialog>
  );
}

function MadeKey({ made, goesOn, onClose }: { made: NewKey; goesOn: boolean; onClose(): void }) {
  const [copied, setCopied] = useState(false);
  // Browsers give no access to the clipboard over plain HTTP, but for this machine.
  const canCopy = navigator.clipboard !== undefined;
  const copy = async () => {
    await navigator.clipboard.writeText(made.key);
    setCopied(true);
  };
  return (
    <Dialog title="Your new key" describedBy="key-text" onClose={onClose}>
      <h2>The key {made.name}</h2>
      <p id="key-text">Copy it now. It is shown this once: the service keeps only its hash.</p>
      <div class="secret">
        <output class="mono" aria-label="The key" tabIndex={0}>
          {made.key}
        </output>
        {canCopy && (
          <button type="button" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </button>
        )}
      </div>
      {goesOn && <p class="aside">The service is closed now. This console goes on with the new key until it is reloaded.</p>}
      <div class="buttons">
        <button type="button" class="primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
