/** The small pieces every page is made of. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX, PartialInputHTMLAttributes } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../i18n";
import type { ApiError } from "../protocol/api";
import type { LessonState } from "../protocol/types";
import { Icon, type IconName } from "./icon";

/** `alert` is for something that is off and may surprise. */
type Look = "primary" | "plain" | "danger" | "quiet" | "alert";

export interface ButtonProps {
  children?: ComponentChildren;
  look?: Look;
  icon?: IconName;
  /** For a button that shows only its icon. */
  label?: string;
  large?: boolean;
  busy?: boolean;
  disabled?: boolean;
  pressed?: boolean;
  type?: "button" | "submit";
  testid?: string;
  onClick?: (event: MouseEvent) => void;
}

export function Button(props: ButtonProps) {
  const { look = "plain", large, busy, icon, label, pressed, children } = props;
  const names = ["button", `button-${look}`];
  if (large) names.push("button-large");
  if (icon && !children) names.push("button-icon");
  return (
    <button
      type={props.type ?? "button"}
      class={names.join(" ")}
      disabled={props.disabled}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      aria-pressed={pressed}
      aria-label={label}
      title={label}
      data-testid={props.testid}
      onClick={(event) => {
        if (!busy) props.onClick?.(event);
        else event.preventDefault();
      }}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

export function LinkButton(props: {
  href: string;
  children: ComponentChildren;
  look?: Look;
  icon?: IconName;
  large?: boolean;
  /** Leave this app's router, for pages the server makes. */
  outside?: boolean;
  testid?: string;
}) {
  const { look = "plain", large, icon, outside } = props;
  return (
    <a
      class={`button button-${look}${large ? " button-large" : ""}`}
      href={props.href}
      target={outside ? "_top" : undefined}
      data-testid={props.testid}
    >
      {icon && <Icon name={icon} />}
      <span>{props.children}</span>
    </a>
  );
}

type InputProps = Omit<PartialInputHTMLAttributes<HTMLInputElement>, "id" | "label" | "role"> & {
  /** The id of a `datalist` with suggestions. */
  list?: string;
};

export function Field(
  props: InputProps & { label: string; hint?: string; error?: string | null | undefined },
) {
  const { label, hint, error, ...rest } = props;
  // The type of an input decides its allowed roles; a field passes any of them on.
  const input = rest as JSX.IntrinsicElements["input"];
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {label}
        {!props.required && <span class="soft"> ({t().optional})</span>}
      </label>
      <input
        {...input}
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={described || undefined}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="error" /> {error}
        </p>
      )}
    </div>
  );
}

export function PasswordField(props: InputProps & { label: string; hint?: string }) {
  const shown = useSignal(false);
  return (
    <div class="password">
      <Field {...props} type={shown.value ? "text" : "password"} required />
      <Button
        icon={shown.value ? "eyeOff" : "eye"}
        label={shown.value ? t().hidePassword : t().showPassword}
        look="quiet"
        onClick={() => {
          shown.value = !shown.value;
        }}
      />
    </div>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function Select(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  testid?: string;
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        data-testid={props.testid}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {props.choices.map((choice) => (
          <option key={choice.value} value={choice.value} selected={choice.value === props.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Check(props: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

export type Tone = "info" | "success" | "warning" | "error";

export function Notice(props: {
  tone: Tone;
  children: ComponentChildren;
  title?: string;
  /** Read out at once; for what the person has just caused. */
  alert?: boolean;
  testid?: string;
}) {
  return (
    <div
      class={`notice notice-${props.tone}`}
      role={props.alert ? "alert" : undefined}
      data-testid={props.testid}
    >
      <Icon name={props.tone} />
      <div>
        {props.title && <p class="notice-title">{props.title}</p>}
        <div>{props.children}</div>
      </div>
    </div>
  );
}

/** Say an error in the person's language: what happened, what is kept, what to do. */
export function problemText(error: ApiError): string {
  const texts = t().problems;
  const known = (texts as Record<string, unknown>)[error.code];
  if (typeof known === "string") return known;
  if (error.status === 401) return texts["not-signed-in"];
  if (error.status === 403) return texts["not-allowed"];
  if (error.status === 404) return texts["not-found"];
  if (error.status === 400 || error.status === 422) return texts["invalid-field"];
  if (error.status === 502 || error.status === 503) return texts.busy;
  if (error.status === 429) return texts["too-many-tries"];
  return texts.unknown(error.code);
}

export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <Notice tone="error" title={t().problemTitle} alert testid="problem">
      <p>{problemText(error)}</p>
      {retry && (
        <Button icon="reconnecting" onClick={retry}>
          {t().retry}
        </Button>
      )}
    </Notice>
  );
}

export function StateBadge({ state }: { state: LessonState }) {
  return (
    <span class={`badge badge-${state}`} data-testid="lesson-state">
      {state === "live" && <span class="dot" aria-hidden="true" />}
      {t().state[state]}
    </span>
  );
}

export function Empty(props: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={props.icon} large />
      <p class="empty-title">{props.title}</p>
      {props.children && <div class="soft">{props.children}</div>}
    </div>
  );
}

/** Grey shapes in the place of what is being loaded. */
export function Skeleton({ rows = 3 }: { rows?: number }) {
  return (
    <div class="skeletons" role="status">
      <span class="visually-hidden">{t().loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div class="skeleton" key={row} aria-hidden="true" />
      ))}
    </div>
  );
}

export function Dialog(props: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (props.open && !dialog?.open) dialog?.showModal();
    if (!props.open && dialog?.open) dialog.close();
  }, [props.open]);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={id} onClose={props.onClose}>
      {props.open && (
        <>
          <h2 id={id}>{props.title}</h2>
          {props.children}
        </>
      )}
    </dialog>
  );
}

/** A text to hand on, with a button that copies it. */
export function CopyField(props: { label: string; value: string; testid?: string }) {
  const copied = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.value);
    } catch {
      // Not a secure address: select it, the person's own copy works.
      input.current?.select();
      return;
    }
    copied.value = true;
    setTimeout(() => {
      copied.value = false;
    }, 3_000);
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="copy">
        <input
          ref={input}
          id={id}
          readOnly
          value={props.value}
          data-testid={props.testid}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button icon={copied.value ? "success" : "copy"} onClick={() => void copy()}>
          {copied.value ? t().copied : t().copy}
        </Button>
      </div>
      <span class="visually-hidden" role="status">
        {copied.value ? t().copied : ""}
      </span>
    </div>
  );
}

/** A row of mutually exclusive choices. */
export function Segments(props: {
  label: string;
  value: string;
  choices: readonly (Choice & { icon?: IconName })[];
  testid?: string;
  onChange: (value: string) => void;
}) {
  const name = useId();
  return (
    <fieldset class="segments" data-testid={props.testid}>
      <legend class="visually-hidden">{props.label}</legend>
      {props.choices.map((choice) => (
        <label key={choice.value} data-testid={`${props.testid}-${choice.value}`}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === props.value}
            onChange={() => props.onChange(choice.value)}
          />
          <span>
            {choice.icon && <Icon name={choice.icon} />}
            {choice.label}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
