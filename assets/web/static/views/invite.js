// The card for people who open an invite's link in a browser. The code stands behind the
// "#" of the address: browsers never send that, and this module tells it to nobody.

import { byId } from "../dom.js";
import { row } from "./share.js";

const PREFIX = "#invite=";
const WHOLE = /^[A-Za-z0-9_-]{16,4096}=*$/;

/** Shows the card while the address holds an invite. */
export function setUpInvite() {
  addEventListener("hashchange", show);
  show();
}

/**
 * Gives the part of the address that holds an invite, so that it can be kept.
 * @returns {string} empty when there is none
 */
export function inviteHash() {
  return location.hash.startsWith(PREFIX) ? location.hash : "";
}

function show() {
  const hash = inviteHash();
  const whole = WHOLE.test(hash.slice(PREFIX.length));
  byId("invite", HTMLElement).hidden = !hash;
  byId("invite-how", HTMLElement).hidden = !whole;
  byId("invite-broken", HTMLElement).hidden = whole;
  byId("invite-link", HTMLElement).replaceChildren(...(whole ? [row("The link", location.origin + "/" + hash)] : []));
}
