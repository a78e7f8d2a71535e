# SPDX-License-Identifier: GPL-2.0-only
"""A stand-in for the AWS services that hostav talks to, which checks every request."""
