"""Mails → ``Document`` and the files attached to them; mailboxes → mails.

``message`` finds the parts of a mail, ``load`` writes what a reader sees of it, ``history`` tells
what it quotes of earlier mails, ``mailbox`` and ``outlook`` open two other forms.
"""
