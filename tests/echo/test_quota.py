from ipaddress import ip_address

from sentinel.echo.quota import Turnstile, cut, network_of, wait_for_count, wait_for_rate


def test_a_burst_is_let_through_and_then_the_rate_rules():
    """Three at once, and the fourth ten minutes after the first."""
    assert wait_for_rate([0, 0], 0, every=600, burst=3) == 0
    assert wait_for_rate([0, 0, 0], 0, every=600, burst=3) == 600
    assert wait_for_rate([0, 0, 0], 599, every=600, burst=3) == 1
    assert wait_for_rate([0, 0, 0], 600, every=600, burst=3) == 0


def test_the_burst_grows_back_with_time():
    """An hour of silence is worth three, not six."""
    assert wait_for_rate([0, 3600, 3600], 3600, every=600, burst=3) == 0
    assert wait_for_rate([0, 3600, 3600, 3600], 3600, every=600, burst=3) == 600


def test_a_count_in_a_window():
    """The oldest that still counts says when to come back."""
    assert wait_for_count([1, 2], 3, window=10, count=3) == 0
    assert wait_for_count([1, 2, 3], 4, window=10, count=3) == 7
    assert wait_for_count([1, 2, 3], 11.5, window=10, count=3) == 0


def test_a_clock_that_went_back_refuses_rather_than_forgets():
    """Times in the future still count."""
    assert wait_for_rate([1000, 1000, 1000], 0, every=600, burst=3) > 0
    assert wait_for_count([1000, 1000], 0, window=10, count=2) > 0


def test_a_turnstile_counts_by_network():
    """The whole /24 or /64 together, and only over the last minute."""
    turnstile = Turnstile(per_minute=2)

    assert turnstile.lets_in(ip_address("192.0.2.1"), 0)
    assert turnstile.lets_in(ip_address("192.0.2.200"), 0)
    assert not turnstile.lets_in(ip_address("192.0.2.7"), 59)
    assert turnstile.lets_in(ip_address("192.0.3.7"), 59)
    assert turnstile.lets_in(ip_address("192.0.2.7"), 61)


def test_what_a_log_may_hold():
    """Never a whole address."""
    assert str(cut(ip_address("192.0.2.7"))) == "192.0.2.0/24"
    assert str(cut(ip_address("2001:db8:1:2::7"))) == "2001:db8:1::/48"
    assert str(network_of(ip_address("2001:db8:1:2::7"))) == "2001:db8:1:2::/64"
