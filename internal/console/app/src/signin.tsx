import { useState } from 'preact/hooks';
import { signIn } from './access';
import { run } from './api/graphql';
import { Knock } from './api/operations';
import { Problem } from './api/problem';
import { Field, Form } from './ui/form';
import { Logo } from './ui/logo';

/** Asks for a key where the service is closed. */
export function SignIn({ why }: { why: string | null }) {
  const [key, setKey] = useState('');
  const submit = async () => {
    const given = key.trim();
    if (!given) return [{ field: 'key', code: 'REQUIRED', message: 'Enter an API key.' }];
    try {
      await run(Knock, {}, { key: given });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'UNAUTHENTICATED') throw error;
      return [{ field: 'key', code: error.code, message: 'The service does not take this key. It may be mistyped or revoked.' }];
    }
    signIn(given);
  };
  return (
    <main id="main" class="signin">
      <div class="card">
        <Logo />
        <h1>Sign in to userd</h1>
        <p class="hint">{why ?? 'This service is closed: show an API key to go on.'}</p>
        <Form submit={submit} action="Sign in">
          {(error) => (
            <Field
              label="API key"
              name="key"
              type="password"
              value={key}
              onValue={setKey}
              error={error('key')}
              hint="Kept in this page’s memory, and forgotten when it is closed or reloaded."
              autofocus
            />
          )}
        </Form>
      </div>
    </main>
  );
}
