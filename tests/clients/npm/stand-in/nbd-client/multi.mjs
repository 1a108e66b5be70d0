// SPDX-License-Identifier: LGPL-2.1-or-later
// The daemon offers no NBD, and so nothing asks for this.
export default class {}
