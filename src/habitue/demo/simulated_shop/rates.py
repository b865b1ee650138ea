"""The planted parameters of the simulated shop: what an analysis of its exports should find again.

Rates are per year (of 365.25 days) or shares in 0-1; delays are in days. `ShopRates` is written to `truth/rates.json`
as it stands.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """One product category: VAT in per mille, median price in cents ex VAT, chance that a sold line comes back."""

    name: str
    subcategories: tuple[str, ...]
    vat_per_mille: int
    median_price_cents: int
    return_probability: float
    skus: int


CATEGORIES: tuple[Category, ...] = (
    Category("Women", ("Dresses", "Knitwear", "Coats", "Trousers"), 200, 3200, 0.12, 800),
    Category("Men", ("Shirts", "Jackets", "Trousers", "Sportswear"), 200, 3400, 0.10, 600),
    Category("Kids", ("Baby", "Girls", "Boys", "School"), 200, 1700, 0.07, 550),
    Category("Shoes", ("Trainers", "Boots", "Sandals", "Slippers"), 200, 4600, 0.11, 400),
    Category("Accessories", ("Bags", "Belts", "Scarves", "Watches"), 200, 2100, 0.05, 450),
    Category("Beauty", ("Skin care", "Make-up", "Perfume", "Hair"), 200, 1400, 0.02, 450),
    Category("Home", ("Linen", "Lighting", "Decoration", "Storage"), 200, 2600, 0.04, 450),
    Category("Kitchen", ("Cookware", "Tableware", "Small appliances", "Utensils"), 200, 2300, 0.03, 350),
    Category("Toys", ("Games", "Dolls", "Construction", "Outdoor toys"), 200, 1600, 0.04, 300),
    Category("Books", ("Novels", "Comics", "Children's books", "Guides"), 55, 1100, 0.015, 300),
    Category("Garden", ("Plants", "Tools", "Furniture", "Barbecue"), 200, 2800, 0.03, 150),
    Category("Food", ("Tea and coffee", "Chocolate", "Preserves", "Biscuits"), 55, 600, 0.005, 200),
)

GIFT_CARD_CATEGORY = "Gift card"
GIFT_CARD_FACES_CENTS: tuple[int, ...] = (1000, 2000, 3000, 5000, 10000)

# One row a taste group; one weight a category, in the order of CATEGORIES.
TASTE_GROUPS: dict[str, tuple[int, ...]] = {
    "fashion": (38, 4, 2, 20, 18, 12, 2, 1, 0, 1, 1, 1),
    "menswear": (3, 46, 2, 24, 8, 3, 4, 2, 1, 3, 3, 1),
    "family": (6, 4, 40, 10, 2, 2, 4, 3, 20, 7, 1, 1),
    "beauty": (10, 2, 2, 4, 16, 50, 5, 2, 1, 3, 1, 4),
    "home": (3, 3, 2, 2, 2, 3, 44, 18, 2, 3, 16, 2),
    "table": (3, 3, 2, 2, 1, 2, 8, 36, 3, 12, 4, 24),
}


@dataclass(frozen=True)
class ShopRates:
    """True parameters of the simulated shop (one set, the same for every size and seed).

    The purchase process of a consumer is Pareto/NBD: while active, a person buys as a Poisson process whose yearly rate
    is gamma over persons (`purchase_rate_shape`, `purchase_rate_mean`), modulated by season and weekday; the time from
    the first purchase to the dropout is exponential with a yearly rate that is gamma too (`dropout_shape`,
    `dropout_mean`). `returning_share` of the persons come back after a break, for a second exponential life.
    """

    # who they are
    staff_share: float = 0.006
    b2b_share: float = 0.012
    customers_per_reseller: int = 20_000
    family_share: float = 0.12
    # coming and going
    history_years: int = 3
    arrival_growth: float = 0.06
    purchase_rate_shape: float = 0.8
    purchase_rate_mean: float = 6.0
    staff_purchase_rate_mean: float = 20.0
    b2b_purchase_rate_mean: float = 15.0
    reseller_purchase_rate: float = 160.0
    dropout_shape: float = 2.0
    dropout_mean: float = 0.4
    returning_share: float = 0.08
    break_days_min: int = 365
    break_days_max: int = 900
    # where they buy
    store_only_share: float = 0.62
    online_only_share: float = 0.15
    both_share: float = 0.23
    both_online_beta: tuple[float, float] = (2.0, 2.0)
    home_store_share: float = 0.85
    unidentified_share: float = 0.22
    forgotten_card_share: float = 0.04
    guest_order_share: float = 0.06
    cancelled_order_share: float = 0.015
    till_card_share: float = 0.015
    # what they buy
    taste_group_shares: tuple[float, ...] = (0.22, 0.16, 0.20, 0.14, 0.16, 0.12)
    taste_strength: float = 0.8
    zipf_exponent: float = 0.9
    affine_sku_weight: float = 3.0
    lines_per_ticket_mean: float = 2.6
    lines_per_ticket_max: int = 15
    quantity_shares: tuple[float, ...] = (0.86, 0.10, 0.03, 0.01)
    price_growth: float = 0.02
    discounted_line_share: float = 0.18
    discount_percents: tuple[int, ...] = (10, 20, 30, 50)
    staff_discount_percent: int = 20
    cost_missing_share: float = 0.08
    # afterwards
    return_delay_days_min: int = 3
    return_delay_days_max: int = 60
    partial_return_share: float = 0.5
    original_ticket_missing_share: float = 0.15
    exchange_share: float = 0.20
    unlabelled_ticket_share: float = 0.01
    # money
    gift_card_ticket_share: float = 0.012
    gift_card_december_factor: float = 3.0
    gift_card_alone_share: float = 0.5
    gift_card_redeemed_share: float = 0.85
    gift_card_delay_days_max: int = 200
    voucher_ticket_share: float = 0.04
    cash_share: float = 0.25
    # one person, several records
    second_card_share: float = 0.03
    second_account_share: float = 0.02
    second_card_use_share: float = 0.8
    typo_share: float = 0.08
    moved_share: float = 0.10
    transliterated_share: float = 0.5
    card_email_share: float = 0.70
    other_email_share: float = 0.25
    phone_share: float = 0.80
    card_birth_date_share: float = 0.80
    account_birth_date_share: float = 0.25
    family_email_share: float = 0.30
    family_phone_share: float = 0.50


RATES = ShopRates()
