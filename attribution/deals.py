"""What a deal reaches after its signing (money §2.1, §3)."""

from enum import StrEnum


class DealEvent(StrEnum):
    """A step of a deal: one that a commission may wait for, or one that changes it."""

    SUBSCRIPTION = "subscription"  # 认购
    CONTRACT = "contract"  # 网签
    FIRST_PAYMENT = "first_payment"  # 首付
    PAYMENT = "payment"  # 回款
    LOAN_DISBURSED = "loan_disbursed"  # 放款
    FULL_PRICE = "full_price"  # 全款
    HANDOVER = "handover"  # 交房
    CANCELLED = "cancelled"  # 退房
    SWAPPED = "swapped"  # 换房
    RENAMED = "renamed"  # 更名
