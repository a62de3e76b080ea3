/** Asks for a token. It goes to the API with each request, and nowhere else. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { signIn } from '../../api/session.ts';

export function SignInScreen({ problem, onSignedIn }: { problem: string; onSignedIn(): void }): JSX.Element {
  const [token, setToken] = useState('');
  return (
    <main class="sign-in">
      <h1>Hibernetes</h1>
      {/* Not submitted: the policy of the page forbids forms to be sent anywhere. */}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() === '') return;
          signIn(token.trim());
          onSignedIn();
        }}
      >
        <label>
          Token
          <input type="password" autocomplete="off" value={token} onInput={({ currentTarget }) => setToken(currentTarget.value)} />
        </label>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
      {problem === '' ? null : (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="muted">
        On the machine where kubectl works, <code>hibernetes dashboard</code> opens this page signed in as you. A token comes from{' '}
        <code>kubectl create token NAME</code> or from your identity provider.
      </p>
    </main>
  );
}
